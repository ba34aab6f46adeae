//! Devices that a user names otherwise than by their Intune ids: a name must fit exactly one, before anything is sent.

use std::collections::BTreeSet;

use intune_sync_ids::Guid;
use intune_sync_sandbox::NamesFound;
use intune_sync_settings::Advice;

use crate::{cli::DeviceFiles, printer::Printer};

/// The most names that are listed.
const SHOWN: usize = 50;

/// The names that are to be checked.
#[derive(Debug)]
pub(super) struct Names {
    entra_devices: BTreeSet<Guid>,
    /// How many names there are in all.
    count: usize,
    allow_missing: bool,
}

impl Names {
    /// Those of a job; `None` if it has none.
    pub(super) fn of(files: &DeviceFiles) -> Option<Self> {
        let taken = &files.taken;
        (!taken.is_empty()).then(|| Self {
            entra_devices: taken.entra_devices.iter().copied().collect(),
            count: taken.texts().len(),
            allow_missing: files.allow_missing,
        })
    }

    /// Compares them with what the list has said, and lists those that do not fit one device.
    ///
    /// # Errors
    ///
    /// When one fits several devices, or none and that is not allowed.
    pub(super) fn check(&self, found: &NamesFound, printer: &mut Printer) -> Result<(), Advice> {
        let ids = found.unlisted_entra_devices.iter();
        // Members of a group need not be in Intune.
        let ids = ids.filter(|id| self.entra_devices.contains(id));
        let unlisted = found.unlisted.iter().cloned();
        let unlisted: Vec<String> = unlisted.chain(ids.map(ToString::to_string)).collect();
        let lines = unlisted
            .iter()
            .map(|name| format!("`{}` is no device of Intune's", name));
        list(lines, unlisted.len(), printer);
        let lines = found.ambiguous.iter().map(|ambiguous| {
            let [first, second] = ambiguous.devices;
            let text = &ambiguous.text;
            format!("`{text}` is the name or serial number of several devices, among them `{first}` and `{second}`")
        });
        list(lines, found.ambiguous.len(), printer);
        let (none, several) = (unlisted.len(), found.ambiguous.len());
        let count = self.count;
        if several > 0 {
            return Err(Advice::new(
                format!("{several} of {count} names in `--devices-from` fit several devices each"),
                "give the Intune ids of those that are meant, in a column `Id`",
            ));
        }
        if none > 0 && !self.allow_missing {
            return Err(Advice::new(
                format!("{none} of {count} names in `--devices-from` fit no device"),
                "correct them, or go on without them with `--allow-missing`",
            ));
        }
        Ok(())
    }
}

fn list(lines: impl Iterator<Item = String>, count: usize, printer: &mut Printer) {
    for line in lines.take(SHOWN) {
        printer.note(&line);
    }
    if count > SHOWN {
        printer.note(&format!("and {} more", count - SHOWN));
    }
}
