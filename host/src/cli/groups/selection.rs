//! Which devices: the criteria of the table, and a file of ids.

use std::path::PathBuf;

use clap::Args;
use intune_sync_ids::Guid;
use intune_sync_settings::{Advice, Given, Group};

use super::{
    devices_file,
    settings::{Selection, Settings},
};

/// Which devices.
#[derive(Debug, Args)]
pub(in crate::cli) struct SelectionArgs {
    #[command(flatten)]
    pub(in crate::cli) settings: Settings<Selection>,
    /// Only the devices whose ids are in this file (`-` is standard input)
    ///
    /// One GUID a line, blank lines and `#` comments allowed; or a CSV file with a header, whose column `Id` or
    /// `Device ID` is read.
    #[arg(long, value_name = "FILE", help_heading = Group::Criteria.heading())]
    pub(in crate::cli) devices_from: Option<PathBuf>,
}

impl SelectionArgs {
    /// Whether the file of ids is standard input.
    pub(in crate::cli) fn reads_standard_input(&self) -> bool {
        let file = self.devices_from.as_deref();
        file.is_some_and(|file| file.as_os_str() == "-")
    }

    /// The criteria, with the ids of the file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or is not a list of device ids.
    pub(in crate::cli) fn given(self) -> Result<Given, Advice> {
        let mut given = self.settings.given;
        if let Some(file) = &self.devices_from {
            let devices = devices_file::read(file)?.into_iter();
            let devices = devices.map(|(hi, lo)| Guid::from_halves(hi, lo));
            given.device.extend(devices);
        }
        Ok(given)
    }
}
