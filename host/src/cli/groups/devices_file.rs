//! `--devices-from` and `--exclude-devices-from`: which devices a file, or standard input, names.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use intune_sync_files::devices::{self, Column, DeviceList};
use intune_sync_ids::Guid;
use intune_sync_settings::{Advice, Given, number::Refused};
use intune_sync_wit as wit;

/// The flags about files that name devices.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(in crate::cli) struct DeviceFileArgs {
    /// Only the devices that this file names (`-` is standard input)
    ///
    /// One Intune device id a line, blank lines and `#` comments allowed; a CSV file with a header, whose column says
    /// what it names: `Id` or `Device ID`, `Azure AD Device ID`, `Serial number`, or `Device name`; JSON from Graph or
    /// from this program; or a ZIP archive of one of these, such as the admin center's export.
    #[arg(long, value_name = "FILE")]
    devices_from: Option<PathBuf>,
    /// The column of `--devices-from` that names the devices
    ///
    /// Without it the one that says most. `NAME=KIND` says what it holds, where neither its name nor its entries do:
    /// `id`, `entra-id`, `serial-number` or `name`.
    #[arg(long, value_name = "NAME", value_parser = column)]
    devices_column: Option<Column>,
    /// Go on without the devices that `--device` and `--devices-from` name and Intune does not have
    #[arg(long)]
    allow_missing: bool,
    /// Not the devices that this file names, as `--devices-from` reads it; it may name none
    #[arg(long, value_name = "FILE")]
    exclude_devices_from: Option<PathBuf>,
}

/// The flags above that `runs resume` does not give again, and whether a value follows: the history knows the devices,
/// and a file may be gone, or have been a pipe.
pub(in crate::cli) const OF_FILES: [(&str, bool); 4] = [
    ("--devices-from", true),
    ("--devices-column", true),
    ("--allow-missing", false),
    ("--exclude-devices-from", true),
];

/// What files name otherwise than by Intune ids, which are settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct DeviceFiles {
    /// The devices to take.
    pub(crate) taken: Listed,
    /// The devices to leave out.
    pub(crate) excluded: Listed,
    /// Devices that are not there are no mistake.
    pub(crate) allow_missing: bool,
}

/// Devices by what else identifies them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Listed {
    /// Their ids in Entra.
    pub(crate) entra_devices: Vec<Guid>,
    /// Their names.
    pub(crate) names: Vec<String>,
    /// Their serial numbers.
    pub(crate) serial_numbers: Vec<String>,
}

impl DeviceFileArgs {
    /// Whether one of the files is standard input.
    pub(in crate::cli) fn reads_standard_input(&self) -> Option<&'static str> {
        let is_stdin = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
        if is_stdin(&self.devices_from) {
            Some("--devices-from")
        } else if is_stdin(&self.exclude_devices_from) {
            Some("--exclude-devices-from")
        } else {
            None
        }
    }

    /// Reads the files. Intune ids go to `given`.
    ///
    /// # Errors
    ///
    /// Flags that do not go together; a file that cannot be read or names no device; an entry that is not a device.
    pub(in crate::cli) fn read(self, given: &mut Given) -> Result<DeviceFiles, Advice> {
        let mut files = DeviceFiles {
            allow_missing: self.allow_missing,
            ..DeviceFiles::default()
        };
        if self.devices_from.is_none() && self.devices_column.is_some() {
            return Err(Advice::new(
                "`--devices-column` is not allowed without `--devices-from`",
                "name the file with `--devices-from FILE`",
            ));
        }
        let is_stdin = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
        if is_stdin(&self.devices_from) && is_stdin(&self.exclude_devices_from) {
            return Err(Advice::new(
                "`--devices-from -` and `--exclude-devices-from -` are not allowed together: both read standard input",
                "name a file with one of them",
            ));
        }
        if let Some(path) = &self.devices_from {
            let list = read(path, "--devices-from", self.devices_column.as_ref())?;
            if list.is_empty() {
                return Err(Advice::new(
                    format!("{} names no device", called(path)),
                    "write the ids of the devices into it, one a line",
                ));
            }
            files.taken.add(list, &mut given.device);
        }
        if let Some(path) = &self.exclude_devices_from {
            let list = read(path, "--exclude-devices-from", None)?;
            files.excluded.add(list, &mut given.exclude_device);
        }
        Ok(files)
    }
}

impl DeviceFiles {
    /// Adds what the files name to a selection.
    pub(crate) fn select(&self, selection: &mut wit::Selection) {
        let guid = |id: &Guid| {
            let (hi, lo) = id.halves();
            wit::Guid { hi, lo }
        };
        let ids = |ids: &[Guid]| ids.iter().map(guid).collect::<Vec<_>>();
        let Self {
            taken, excluded, ..
        } = self;
        selection.entra_devices.extend(ids(&taken.entra_devices));
        selection.device_names.extend_from_slice(&taken.names);
        let serials = &mut selection.serial_numbers;
        serials.extend_from_slice(&taken.serial_numbers);
        let entra_devices = &mut selection.exclude_entra_devices;
        entra_devices.extend(ids(&excluded.entra_devices));
        let names = &mut selection.exclude_device_names;
        names.extend_from_slice(&excluded.names);
        let serials = &mut selection.exclude_serial_numbers;
        serials.extend_from_slice(&excluded.serial_numbers);
    }
}

impl Listed {
    /// Whether nothing is.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All of it as texts, in an order of its own.
    pub(crate) fn texts(&self) -> Vec<String> {
        let ids = self.entra_devices.iter().map(ToString::to_string);
        let texts = self.names.iter().chain(&self.serial_numbers).cloned();
        let mut texts: Vec<String> = ids.chain(texts).collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    }

    fn add(&mut self, list: DeviceList, ids: &mut Vec<Guid>) {
        match list {
            DeviceList::Ids(list) => ids.extend(list),
            DeviceList::EntraIds(list) => self.entra_devices.extend(list),
            DeviceList::SerialNumbers(list) => self.serial_numbers.extend(list),
            DeviceList::Names(list) => self.names.extend(list),
        }
    }
}

fn column(text: &str) -> Result<Column, Refused> {
    text.parse().map_err(Refused)
}

/// What messages call a file.
fn called(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => format!("`{}`", path.display()),
    }
}

/// What the file names; `-` is standard input.
fn read(path: &Path, flag: &str, column: Option<&Column>) -> Result<DeviceList, Advice> {
    let name = called(path);
    let bytes = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|error| {
        Advice::new(
            format!("{name} cannot be read: {error}"),
            format!(
                "`{flag}` takes a file with one device id a line, a CSV file, or `-` for standard input"
            ),
        )
    })?;
    devices::parse(bytes, &name, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let read = |path| read(Path::new(path), "--devices-from", None);
        let error = read("/nowhere/ids.txt").expect_err("there is no such file");
        assert!(
            error
                .message
                .starts_with("`/nowhere/ids.txt` cannot be read: "),
            "{error}"
        );
        assert!(read("/").is_err());
    }
}
