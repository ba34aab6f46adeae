//! Lists runs, and shows the devices of one.

use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use crate::{DeviceOutcome, Error, History, Problem, Run};

/// Which runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only runs that ended like this.
    pub outcome: Option<String>,
    /// Only runs that began then or later: RFC 3339, in UTC.
    pub since: Option<String>,
}

/// Which devices of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeviceFilter {
    /// All of them.
    #[default]
    All,
    /// Those with this outcome.
    Only(DeviceOutcome),
    /// Those that the confirmation has looked for: their sync was accepted.
    Checked,
    /// Of these, those that have checked in since.
    Confirmed,
    /// Of these, those that have not.
    Unconfirmed,
}

/// A device of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Its id in Intune.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its operating system.
    pub os: String,
    /// What became of it.
    pub outcome: String,
    /// How often a sync was sent.
    pub attempts: u32,
    /// The last status, where it failed.
    pub status: Option<u16>,
    /// Graph's error code.
    pub code: Option<String>,
    /// Graph's message, or why it was skipped.
    pub message: Option<String>,
    /// Graph's id of the request.
    pub request_id: Option<String>,
    /// The id that the request carried.
    pub client_request_id: Option<String>,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// When it has checked in last, as of the confirmation: RFC 3339, in UTC.
    pub last_sync_at: Option<String>,
    /// Whether that was after its sync was accepted. None if there was no confirmation.
    pub checked_in: Option<bool>,
}

/// A time in which nothing was sent, because Graph throttled the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// When it began, in milliseconds since 1970.
    pub at: i64,
    /// How long it was to be, in milliseconds.
    pub ms: i64,
}

impl History {
    /// The runs, the latest first.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, Error> {
        let read = || -> rusqlite::Result<Vec<_>> {
            let mut statement = self.connection.prepare(&format!(
                "SELECT {} FROM run WHERE (?1 IS NULL OR outcome = ?1) AND (?2 IS NULL OR started_at >= ?2) \
                 ORDER BY started_at DESC, id DESC",
                Run::COLUMNS
            ))?;
            statement
                .query_map(params![filter.outcome, filter.since], Run::read)?
                .collect()
        };
        read().map_err(|error| self.error(&error))
    }

    /// A run.
    ///
    /// # Errors
    ///
    /// When there is none, or the history cannot be read.
    pub fn run(&self, id: &str) -> Result<Run, Error> {
        let query = format!("SELECT {} FROM run WHERE id = ?1", Run::COLUMNS);
        let run = self.connection.query_row(&query, [id], Run::read);
        run.optional()
            .map_err(|error| self.error(&error))?
            .ok_or_else(|| Error::new(&self.path, Problem::NoSuchRun(id.to_owned())))
    }

    /// Hands out the devices of a run and of the parts that it resumes, each with its last outcome.
    ///
    /// # Errors
    ///
    /// When the history cannot be read, or what takes the devices fails.
    pub fn devices<E: From<Error>>(
        &self,
        run: &str,
        filter: DeviceFilter,
        mut take: impl FnMut(Device) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| E::from(self.error(&error));
        let (only, checked) = match filter {
            DeviceFilter::All => (None, "true"),
            DeviceFilter::Only(outcome) => (Some(outcome.word()), "true"),
            DeviceFilter::Checked => (None, "checked_in IS NOT NULL"),
            DeviceFilter::Confirmed => (None, "checked_in = 1"),
            DeviceFilter::Unconfirmed => (None, "checked_in = 0"),
        };
        let mut statement = self
            .connection
            .prepare(&format!(
                "SELECT id, name, os, outcome, attempts, status, code, message, request_id, client_request_id, at, \
                 last_sync_at, checked_in \
                 FROM device LEFT JOIN confirmation ON confirmation.run = ?4 AND confirmation.device = device.id \
                 AND outcome = 'accepted' \
                 WHERE device.run = ?1 AND (?2 IS NULL OR outcome = ?2) AND (?3 OR outcome <> 'pending') AND {checked}"
            ))
            .map_err(failed)?;
        // What was pending in an earlier part is in the list of a later one, once that has one.
        let mut is_last = true;
        for part in self.parts(run)? {
            let mut rows = statement
                .query(params![part, only, is_last, run])
                .map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                take(Device::read(row).map_err(failed)?)?;
            }
            is_last &= !self.has_devices(&part)?;
        }
        Ok(())
    }

    /// When a run, this part of it alone, waited, in order. They overlap where more was throttled before a wait was
    /// over.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn waits(&self, part: &str) -> Result<Vec<Wait>, Error> {
        let read = || -> rusqlite::Result<Vec<_>> {
            let query = "SELECT at, ms FROM wait WHERE run = ?1 ORDER BY at";
            let mut statement = self.connection.prepare(query)?;
            let wait = |row: &rusqlite::Row<'_>| {
                Ok(Wait {
                    at: row.get("at")?,
                    ms: row.get("ms")?,
                })
            };
            statement.query_map([part], wait)?.collect()
        };
        read().map_err(|error| self.error(&error))
    }

    fn has_devices(&self, part: &str) -> Result<bool, Error> {
        let query = "SELECT EXISTS (SELECT 1 FROM device WHERE run = ?1)";
        let found = self.connection.query_row(query, [part], |row| row.get(0));
        found.map_err(|error| self.error(&error))
    }
}

impl Device {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            os: row.get("os")?,
            outcome: row.get("outcome")?,
            attempts: row.get("attempts")?,
            status: row.get("status")?,
            code: row.get("code")?,
            message: row.get("message")?,
            request_id: row.get("request_id")?,
            client_request_id: row.get("client_request_id")?,
            at: row.get("at")?,
            last_sync_at: row.get("last_sync_at")?,
            checked_in: row.get("checked_in")?,
        })
    }
}
