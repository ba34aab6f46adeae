//! A run as the history has it, for what is written of it.

use std::io::Write;

use intune_sync_history::{Device, DeviceFilter, Error, ExportError, History, Run, Totals};
use intune_sync_page::Page;

use super::{csv::DeviceRows, junit};
use crate::commands::rows::Csv;

/// A run and its counts.
pub(super) struct Recorded<'a> {
    history: &'a History,
    pub(super) run: Run,
    pub(super) totals: Totals,
}

impl<'a> Recorded<'a> {
    /// The run of this id, with what the earlier parts have done.
    ///
    /// # Errors
    ///
    /// When there is none, or the history cannot be read.
    pub(super) fn of(history: &'a History, id: &str) -> Result<Self, Error> {
        let mut run = history.run(id)?;
        let mut totals = run.totals;
        // What has ended has written its counts. Of what was killed, or goes on, they are a moment older than the
        // devices.
        if matches!(run.outcome.as_deref(), None | Some("killed")) {
            let counted = history.counted(run)?;
            (run, totals) = (counted.run, counted.totals);
        }
        Ok(Self {
            history,
            run,
            totals,
        })
    }

    /// Its page.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub(super) fn page(&self) -> Result<String, Error> {
        let parts = self.history.parts(&self.run.id)?;
        let resumed = parts.iter().skip(1).cloned().collect();
        let mut page = Page::new(self.run.clone(), self.totals, resumed);
        for part in &parts {
            for wait in self.history.waits(part)? {
                page.add_wait(wait);
            }
        }
        self.devices(|device| {
            page.add_device(device);
            Ok::<(), Error>(())
        })?;
        Ok(page.html())
    }

    /// Writes its devices as CSV.
    ///
    /// # Errors
    ///
    /// When the history cannot be read, or the rows not be written.
    pub(super) fn write_csv(&self, output: &mut dyn Write) -> Result<(), ExportError> {
        let mut rows = Csv::to(output);
        rows.write(DeviceRows::HEADER.map(str::to_owned))?;
        self.devices(|device| Ok::<(), ExportError>(rows.write(DeviceRows::row(device))?))?;
        Ok(rows.end()?)
    }

    /// Writes its devices as test cases.
    ///
    /// # Errors
    ///
    /// When the history cannot be read, or the cases not be written.
    pub(super) fn write_junit(&self, output: &mut dyn Write) -> Result<(), ExportError> {
        let mut counts = junit::Counts::default();
        self.devices(|device| {
            counts.add(&device);
            Ok::<(), Error>(())
        })?;
        let mut cases = junit::Cases::begin(output, &self.run, &self.totals, counts)?;
        self.devices(|device| Ok::<(), ExportError>(cases.write(&device)?))?;
        Ok(cases.end()?)
    }

    fn devices<E: From<Error>>(&self, take: impl FnMut(Device) -> Result<(), E>) -> Result<(), E> {
        self.history.devices(&self.run.id, DeviceFilter::All, take)
    }
}
