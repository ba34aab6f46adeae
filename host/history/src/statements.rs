//! The statements by which a run's changes get into the tables.

use intune_sync_ids::Guid;
use intune_sync_wit::{DeviceDone, Failure, Learned, Outcome};
use rusqlite::{Connection, Statement, named_params, params};

use crate::{
    DeviceOutcome, Evidence, Return, Selected, Totals,
    chain::Row,
    changes::{Changes, DeviceChange, RequestChange},
};

/// The statements of a transaction.
pub(crate) struct Statements<'a> {
    run: &'a str,
    select: Statement<'a>,
    accept: Statement<'a>,
    finish: Statement<'a>,
    leave: Statement<'a>,
    returned: Statement<'a>,
    hash: Statement<'a>,
    wait: Statement<'a>,
}

impl<'a> Statements<'a> {
    pub(crate) fn prepare(connection: &'a Connection, run: &'a str) -> rusqlite::Result<Self> {
        Ok(Self {
            run,
            select: connection.prepare(
                "INSERT INTO device (run, id, name, os, outcome, attempts, at) \
                 VALUES (?1, ?2, ?3, ?4, 'pending', 0, ?5) ON CONFLICT DO NOTHING",
            )?,
            // Nearly all devices end like this.
            accept: connection.prepare(
                "UPDATE device SET outcome = 'accepted', attempts = ?3, at = ?4 WHERE run = ?1 AND id = ?2",
            )?,
            // One that was selected keeps its operating system; of another, the outcome has it.
            finish: connection.prepare(
                "INSERT INTO device (run, id, name, os, outcome, attempts, status, code, message, request_id, \
                 client_request_id, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
                 ON CONFLICT DO UPDATE SET outcome = ?5, attempts = ?6, status = ?7, code = ?8, message = ?9, \
                 request_id = ?10, client_request_id = ?11, at = ?12",
            )?,
            leave: connection.prepare(
                "INSERT INTO request (run, seq, at, kind, devices, status, request_id, ms, hash) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            )?,
            returned: connection.prepare(
                "UPDATE request SET status = ?3, request_id = ?4, ms = ?5 WHERE run = ?1 AND seq = ?2",
            )?,
            hash: connection
                .prepare("UPDATE request SET hash = ?3 WHERE run = ?1 AND seq = ?2")?,
            wait: connection.prepare(
                "INSERT INTO wait (run, at, ms) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET ms = max(ms, ?3)",
            )?,
        })
    }

    /// Writes all changes of devices and requests, and the waits.
    pub(crate) fn apply(&mut self, changes: &Changes) -> rusqlite::Result<()> {
        for (id, change) in &changes.devices {
            self.device(*id, change)?;
        }
        for (seq, change) in &changes.requests {
            self.request(*seq, change)?;
        }
        for (at, ms) in &changes.waits {
            self.wait.execute(params![self.run, at, ms])?;
        }
        Ok(())
    }

    fn device(&mut self, id: Guid, change: &DeviceChange) -> rusqlite::Result<()> {
        let id = id.text();
        match (&change.done, &change.selected) {
            (Some((done, at)), None) if self.accepts(id.as_str(), done, *at)? => Ok(()),
            (Some((done, at)), selected) => {
                let os = selected
                    .as_ref()
                    .map_or(&done.os, |(selected, _)| &selected.os);
                self.finish(id.as_str(), os, done, *at)
            }
            (None, Some((Selected { name, os, .. }, at))) => {
                let row = params![self.run, id.as_str(), name, os, at];
                self.select.execute(row).map(drop)
            }
            (None, None) => Ok(()),
        }
    }

    /// Marks a device that was selected as accepted, if it is.
    fn accepts(&mut self, id: &str, done: &DeviceDone, at: i64) -> rusqlite::Result<bool> {
        let is_accepted = matches!(done.outcome, Outcome::Accepted);
        Ok(is_accepted
            && self
                .accept
                .execute(params![self.run, id, done.attempts, at])?
                > 0)
    }

    fn finish(&mut self, id: &str, os: &str, done: &DeviceDone, at: i64) -> rusqlite::Result<()> {
        let (outcome, reason, failure) = match &done.outcome {
            Outcome::Accepted => (DeviceOutcome::Accepted, None, None),
            Outcome::Gone => (DeviceOutcome::Gone, None, None),
            Outcome::Skipped(reason) => (DeviceOutcome::Skipped, Some(reason), None),
            Outcome::Failed(failure) => {
                (DeviceOutcome::Failed, Some(&failure.message), Some(failure))
            }
        };
        let of = |part: fn(&Failure) -> &str| failure.map(part);
        self.finish.execute(params![
            self.run,
            id,
            done.name,
            os,
            outcome.word(),
            done.attempts,
            failure.and_then(|failure| failure.status),
            of(|failure| &failure.code),
            reason,
            of(|failure| &failure.request_id),
            of(|failure| &failure.client_request_id),
            at,
        ])?;
        Ok(())
    }

    fn request(&mut self, seq: i64, change: &RequestChange) -> rusqlite::Result<()> {
        let RequestChange {
            left,
            returned,
            hash,
        } = change;
        let hash = hash.as_ref().map(Evidence::bytes);
        if let Some(row) = left {
            let Row {
                at, kind, devices, ..
            } = row;
            let (status, request_id, ms) = match returned {
                Some(Return {
                    status,
                    request_id,
                    ms,
                }) => (*status, request_id.as_deref(), Some(*ms)),
                None => (None, None, None),
            };
            self.leave.execute(params![
                self.run, seq, at, kind, devices, status, request_id, ms, hash
            ])?;
            return Ok(());
        }
        if let Some(Return {
            status,
            request_id,
            ms,
        }) = returned
        {
            self.returned
                .execute(params![self.run, seq, status, request_id, ms])?;
        }
        if let Some(hash) = hash {
            self.hash.execute(params![self.run, seq, hash])?;
        }
        Ok(())
    }
}

/// Writes the counts of a run, and its last hash.
pub(crate) fn write_totals(
    connection: &Connection,
    run: &str,
    totals: &Totals,
    evidence: Evidence,
) -> rusqlite::Result<()> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    connection.execute(
        "UPDATE run SET total = :total, success = :success, error = :error, skipped = :skipped, gone = :gone, \
         pending = :pending, batches = :batches, retries = :retries, throttled = :throttled, requests = :requests, \
         duration_ms = :duration_ms, evidence_sha256 = :evidence WHERE id = :run",
        named_params! {
            ":total": count(totals.total),
            ":success": count(totals.success),
            ":error": count(totals.error),
            ":skipped": count(totals.skipped),
            ":gone": count(totals.gone),
            ":pending": count(totals.pending),
            ":batches": count(totals.batches),
            ":retries": count(totals.retries),
            ":throttled": count(totals.throttled),
            ":requests": count(totals.requests),
            ":duration_ms": count(totals.duration_ms),
            ":evidence": evidence.to_string(),
            ":run": run,
        },
    )?;
    Ok(())
}

/// Writes what a run has learned about the quota.
pub(crate) fn write_learned(
    connection: &Connection,
    run: &str,
    learned: Learned,
) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE run SET learned_rate = ?2, bulk_counts_devices = ?3 WHERE id = ?1",
        params![
            run,
            i64::try_from(learned.rate).unwrap_or(i64::MAX),
            learned.bulk_counts_devices
        ],
    )?;
    Ok(())
}
