//! Who has checked in since the sync was accepted.

use intune_sync_ids::Guid;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Serialize;

use crate::{DeviceFilter, DeviceOutcome, Error, History, Run};

/// How long after Graph has accepted a sync its outcome is noted here at most, in milliseconds.
const NOTED_WITHIN: i64 = 1_000;

/// When a device has checked in last, as Graph lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckIn {
    /// The device.
    pub id: Guid,
    /// In seconds since 1970; none if it never has.
    pub last: Option<u32>,
}

/// How many devices of a platform have checked in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Platform {
    /// The operating system; empty where Graph has not listed the device.
    pub os: String,
    /// Those that have checked in since their sync was accepted.
    pub checked_in: u64,
    /// Those that have not.
    pub unconfirmed: u64,
}

/// The check-ins of a run's devices that are being written.
pub struct Confirmation<'a> {
    transaction: Transaction<'a>,
    run: &'a str,
    parts: Vec<(String, i64)>,
    at: String,
}

impl History {
    /// The devices of a run, all parts of it, whose sync was accepted.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn accepted(&self, run: &str) -> Result<Vec<Guid>, Error> {
        let mut accepted = Vec::new();
        self.devices(run, DeviceFilter::Only(DeviceOutcome::Accepted), |device| {
            accepted.extend(device.id.parse::<Guid>().ok());
            Ok::<(), Error>(())
        })?;
        Ok(accepted)
    }

    /// Notes when to find out who has checked in, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// When the history cannot be written.
    pub fn confirm_at(&self, run: &str, at: i64) -> Result<(), Error> {
        let update = "UPDATE run SET confirm_at = ?2 WHERE id = ?1";
        let updated = self.connection.execute(update, params![run, at]);
        updated.map(drop).map_err(|error| self.error(&error))
    }

    /// Begins to write who has checked in, as of `now`. What an earlier confirmation found is written anew.
    ///
    /// # Errors
    ///
    /// When the history cannot be read or written.
    pub fn confirm<'a>(
        &'a mut self,
        run: &'a Run,
        now: Timestamp,
    ) -> Result<Confirmation<'a>, Error> {
        let parts = self.parts(&run.id)?.into_iter().map(|part| {
            let ahead = self.run(&part)?.clock_ahead_ms.unwrap_or_default();
            Ok((part, ahead))
        });
        let parts = parts.collect::<Result<Vec<_>, Error>>()?;
        let path = &self.path;
        let begun = Transaction::new(&mut self.connection, TransactionBehavior::Immediate);
        Ok(Confirmation {
            transaction: begun.map_err(|error| Error::sqlite(path, &error))?,
            run: &run.id,
            parts,
            at: format!("{now:.3}"),
        })
    }

    /// Who has checked in, by platform, the largest first.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn platforms(&self, run: &str) -> Result<Vec<Platform>, Error> {
        let mut platforms: Vec<Platform> = Vec::new();
        self.devices(run, DeviceFilter::Checked, |device| {
            let at = platforms.iter().position(|known| known.os == device.os);
            let at = at.unwrap_or_else(|| {
                platforms.push(Platform {
                    os: device.os,
                    checked_in: 0,
                    unconfirmed: 0,
                });
                platforms.len() - 1
            });
            match device.checked_in {
                Some(true) => platforms[at].checked_in += 1,
                Some(false) | None => platforms[at].unconfirmed += 1,
            }
            Ok::<(), Error>(())
        })?;
        platforms.sort_by(|a, b| {
            let devices = |platform: &Platform| platform.checked_in + platform.unconfirmed;
            (devices(b), &a.os).cmp(&(devices(a), &b.os))
        });
        Ok(platforms)
    }
}

impl Confirmation<'_> {
    /// Writes the check-ins of some devices. Those whose sync was not accepted are passed over.
    ///
    /// # Errors
    ///
    /// When the history cannot be written.
    pub fn write(&self, check_ins: impl IntoIterator<Item = CheckIn>) -> Result<(), Error> {
        self.try_write(check_ins)
            .map_err(|error| self.error(&error))
    }

    /// Ends it: only now can it be read.
    ///
    /// # Errors
    ///
    /// When the history cannot be written.
    pub fn end(self) -> Result<(), Error> {
        let path = self.transaction.path().unwrap_or_default().to_owned();
        let end = || {
            self.transaction.execute(
                "UPDATE run SET confirmed_at = ?2 WHERE id = ?1",
                params![self.run, self.at],
            )?;
            self.transaction.commit()
        };
        end().map_err(|error| Error::sqlite(path.as_ref(), &error))
    }

    fn try_write(&self, check_ins: impl IntoIterator<Item = CheckIn>) -> rusqlite::Result<()> {
        let mut accepted = self
            .transaction
            .prepare("SELECT at FROM device WHERE run = ?1 AND id = ?2 AND outcome = 'accepted'")?;
        let mut write = self.transaction.prepare(
            "INSERT OR REPLACE INTO confirmation (run, device, last_sync_at, checked_at, checked_in) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for CheckIn { id, last } in check_ins {
            let id = id.text();
            let mut since = None;
            for (part, ahead) in &self.parts {
                let at = accepted.query_row(params![part, id.as_str()], |row| row.get(0));
                let at: Option<i64> = at.optional()?;
                since = since.or(at.map(|at| at - ahead - NOTED_WITHIN));
            }
            let Some(since) = since else { continue };
            // It was some time in this second.
            let checked_in = last.is_some_and(|last| i64::from(last) * 1_000 + 999 >= since);
            let last = last.and_then(|last| Timestamp::from_second(last.into()).ok());
            let last = last.map(|last| last.to_string());
            write.execute(params![self.run, id.as_str(), last, self.at, checked_in])?;
        }
        Ok(())
    }

    fn error(&self, error: &rusqlite::Error) -> Error {
        let path = self.transaction.path().unwrap_or_default();
        Error::sqlite(path.as_ref(), error)
    }
}
