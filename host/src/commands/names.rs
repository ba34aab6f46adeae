//! Devices that a user names otherwise than by their Intune ids: a name must fit exactly one, before anything is sent.

use std::collections::BTreeSet;

use intune_sync_ids::Guid;
use intune_sync_sandbox::NamesFound;
use intune_sync_settings::Advice;
use intune_sync_wit::Purpose;

use crate::{cli::JobOptions, printer::Printer};

/// The most names that are listed.
const SHOWN: usize = 50;

/// The names that are to be checked.
#[derive(Debug)]
pub(super) struct Names {
    entra_devices: BTreeSet<Guid>,
    /// How many names there are in all.
    count: usize,
    /// How many Intune ids there are.
    ids: usize,
    /// The run only plans, so it names the ids that are not listed; a sync tries them.
    plans: bool,
    excluded: BTreeSet<String>,
    allow_missing: bool,
}

impl Names {
    /// Those of a job; `None` if it has none.
    pub(super) fn of(job: &JobOptions) -> Option<Self> {
        let JobOptions { files, given, .. } = job;
        let excluded_ids = given.exclude_device.iter().map(ToString::to_string);
        let names = Self {
            entra_devices: files.taken.entra_devices.iter().copied().collect(),
            count: files.taken.texts().len(),
            ids: given.device.len(),
            plans: job.purpose == Purpose::Plan,
            excluded: excluded_ids.chain(files.excluded.texts()).collect(),
            allow_missing: files.allow_missing,
        };
        let any = names.count > 0 || names.plans && names.ids > 0 || !names.excluded.is_empty();
        any.then_some(names)
    }

    /// Compares them with what the list has said, and lists those that do not fit one device.
    ///
    /// # Errors
    ///
    /// When one fits several devices, or none and that is not allowed; when nothing of what is to be left out is there.
    pub(super) fn check(&self, found: &NamesFound, printer: &mut Printer) -> Result<(), Advice> {
        self.check_taken(found, printer)?;
        let unlisted = found.unlisted_devices.len();
        if self.plans && unlisted > 0 {
            printer.warning(&Advice::new(
                format!("{unlisted} of {} ids are not in the list of devices", self.ids),
                "they are gone, or Entra ID's: give Intune's own device ids, from the column `Id` or `Device ID`",
            ));
        }
        self.check_excluded(found, printer)
    }

    fn check_taken(&self, found: &NamesFound, printer: &mut Printer) -> Result<(), Advice> {
        let ids = found.unlisted_entra_devices.iter();
        // Members of a group need not be in Intune.
        let ids = ids.filter(|id| self.entra_devices.contains(id));
        let unlisted = found.unlisted.iter().cloned();
        let unlisted: Vec<String> = unlisted.chain(ids.map(ToString::to_string)).collect();
        for name in unlisted.iter().take(SHOWN) {
            printer.note(&format!("`{name}` is not a device in Intune"));
        }
        note_more(unlisted.len(), printer);
        for ambiguous in found.ambiguous.iter().take(SHOWN) {
            let [first, second] = ambiguous.devices;
            let text = &ambiguous.text;
            printer.note(&format!(
                "`{text}` is the name or serial number of several devices, among them `{first}` and `{second}`"
            ));
        }
        note_more(found.ambiguous.len(), printer);
        let several: Vec<&str> = found.ambiguous.iter().map(|it| it.text.as_str()).collect();
        if !several.is_empty() {
            return Err(Advice::new(
                format!(
                    "{} of {} names in `--devices-from` fit several devices each: {}",
                    several.len(),
                    self.count,
                    first(&several)
                ),
                "give the Intune ids of those that are meant, in a column `Id`",
            ));
        }
        let none: Vec<&str> = unlisted.iter().map(String::as_str).collect();
        if !none.is_empty() && !self.allow_missing {
            return Err(Advice::new(
                format!(
                    "{} of {} names in `--devices-from` fit no device: {}",
                    none.len(),
                    self.count,
                    first(&none)
                ),
                "correct them, or go on without them with `--allow-missing`",
            ));
        }
        Ok(())
    }

    /// A list that is wrong as a whole would leave nobody out.
    fn check_excluded(&self, found: &NamesFound, printer: &mut Printer) -> Result<(), Advice> {
        let unlisted = found.unlisted_exclusions.iter();
        // Who is in a group is not the user's list.
        let unlisted: Vec<&str> = unlisted
            .filter(|text| self.excluded.contains(*text))
            .map(String::as_str)
            .collect();
        let all = self.excluded.len();
        if unlisted.is_empty() {
            return Ok(());
        }
        let message = format!(
            "{} of {all} devices to leave out are not in the list of devices: {}",
            unlisted.len(),
            first(&unlisted)
        );
        if unlisted.len() == all && !self.allow_missing {
            return Err(Advice::new(
                message,
                "nobody would be left out: correct the list, or go on with `--allow-missing`",
            ));
        }
        printer.warning(&Advice::new(
            message,
            "they are gone, or misspelt; those that are there are left out",
        ));
        Ok(())
    }
}

/// The first three of them, quoted.
fn first(texts: &[&str]) -> String {
    const FIRST: usize = 3;
    let shown = texts.iter().take(FIRST).map(|text| format!("`{text}`"));
    let more = if texts.len() > FIRST { ", …" } else { "" };
    shown.collect::<Vec<_>>().join(", ") + more
}

/// Notes how many there are besides those that are listed.
fn note_more(count: usize, printer: &mut Printer) {
    if count > SHOWN {
        printer.note(&format!("and {} more", count - SHOWN));
    }
}
