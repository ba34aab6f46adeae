//! What a run that goes on with an earlier one needs to know of it.

use std::ops::ControlFlow;

use intune_sync_ids::Guid;
use rusqlite::{OptionalExtension, params};

use crate::{
    DeviceFilter, DeviceOutcome, Error, Evidence, History, Problem, Run, Subject, Totals,
    chain::Row, statements::write_totals,
};

/// How many ids of devices are handed out at a time.
const IDS: usize = 4_096;

/// A run that can be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The run, the last part of its chain so far.
    pub run: Run,
    /// The counts of all parts, by the outcomes that were committed.
    pub totals: Totals,
}

impl History {
    /// The latest run of this tenant and identity, with this selection, that is unfinished and that no other has
    /// resumed. One that was not authorized is not among them: a job that resumes whatever there is would come to the
    /// same end each time.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn unfinished(&self, subject: &Subject, selection: &str) -> Result<Option<Earlier>, Error> {
        let latest = self.connection.query_row(
            &format!(
                "SELECT {} FROM run WHERE cloud = ?1 AND tenant = ?2 AND app = ?3 AND selection = ?4 \
                 AND (outcome IS NULL OR pending > 0 OR total = 0 AND outcome NOT LIKE 'completed%') \
                 AND outcome IS NOT 'not-authorized' \
                 AND NOT EXISTS (SELECT 1 FROM run AS next WHERE next.resumes = run.id) \
                 ORDER BY started_at DESC, id DESC LIMIT 1",
                Run::COLUMNS
            ),
            params![subject.cloud, subject.tenant, subject.app, selection],
            Run::read,
        );
        let latest = latest.optional().map_err(|error| self.error(&error))?;
        latest.map(|run| self.counted(run)).transpose()
    }

    /// The run that a user names, to go on with it. Of a run in several parts, that is the last one.
    ///
    /// # Errors
    ///
    /// When there is none, or the history cannot be read.
    pub fn to_resume(&self, id: &str) -> Result<Earlier, Error> {
        let mut run = self.run(id)?;
        while let Some(next) = self.next_part(&run.id)? {
            run = next;
        }
        self.counted(run)
    }

    /// The devices that are left of a run whose list was complete; `None` where it was not, or nothing is left.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn pending(&self, earlier: &Earlier) -> Result<Option<Vec<Guid>>, Error> {
        let mut pending = Vec::new();
        let only = DeviceFilter::Only(DeviceOutcome::Pending);
        self.devices(&earlier.run.id, only, |device| {
            pending.extend(device.id.parse::<Guid>().ok());
            Ok::<(), Error>(())
        })?;
        let is_all = !pending.is_empty() && pending.len() as u64 == earlier.totals.pending;
        Ok(is_all.then_some(pending))
    }

    /// The devices that need no sync any more, since they have a final outcome in this run or in one that it resumes.
    /// They are handed out a part at a time.
    ///
    /// # Errors
    ///
    /// When the history cannot be read, or what takes the devices fails.
    pub fn settled<E: From<Error>>(
        &self,
        earlier: &Earlier,
        mut take: impl FnMut(Vec<Guid>) -> Result<(), E>,
    ) -> Result<(), E> {
        for part in self.parts(&earlier.run.id)? {
            let mut after = String::new();
            loop {
                let ids = self.settled_after(&part, &after)?;
                let Some(last) = ids.last() else { break };
                after.clone_from(last);
                take(ids.iter().filter_map(|id| id.parse().ok()).collect())?;
            }
        }
        Ok(())
    }

    fn settled_after(&self, run: &str, after: &str) -> Result<Vec<String>, Error> {
        let read = || -> rusqlite::Result<Vec<_>> {
            let mut statement = self.connection.prepare(
                "SELECT id FROM device WHERE run = ?1 AND id > ?2 AND outcome <> 'pending' ORDER BY id LIMIT ?3",
            )?;
            statement
                .query_map(params![run, after, IDS as i64], |row| row.get(0))?
                .collect()
        };
        read().map_err(|error| self.error(&error))
    }

    /// The parts of a run, the last one first: the run, the one that it resumes, and so on.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn parts(&self, id: &str) -> Result<Vec<String>, Error> {
        let read = || -> rusqlite::Result<Vec<_>> {
            let mut statement = self.connection.prepare(
                "WITH RECURSIVE part (id, resumes, depth) AS ( \
                     SELECT id, resumes, 0 FROM run WHERE id = ?1 \
                     UNION ALL SELECT run.id, run.resumes, depth + 1 FROM run JOIN part ON run.id = part.resumes \
                     WHERE depth < 10000 \
                 ) SELECT id FROM part ORDER BY depth",
            )?;
            statement.query_map([id], |row| row.get(0))?.collect()
        };
        read().map_err(|error| self.error(&error))
    }

    fn next_part(&self, id: &str) -> Result<Option<Run>, Error> {
        let query = format!(
            "SELECT {} FROM run WHERE resumes = ?1 LIMIT 1",
            Run::COLUMNS
        );
        let next = self.connection.query_row(&query, [id], Run::read);
        next.optional().map_err(|error| self.error(&error))
    }

    /// A run with the counts by the outcomes that were committed: those in its row may be a moment older. A device has
    /// a final outcome in one part only, since no later one takes it.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn counted(&self, run: Run) -> Result<Earlier, Error> {
        let mut totals = Totals {
            total: 0,
            success: 0,
            error: 0,
            skipped: 0,
            gone: 0,
            pending: 0,
            ..run.totals
        };
        for part in self.parts(&run.id)?.iter().rev() {
            let settled = totals.success + totals.error + totals.skipped + totals.gone;
            let mut rows = 0;
            for (outcome, count) in self.outcomes(part)? {
                rows += count;
                match outcome {
                    DeviceOutcome::Pending => {}
                    DeviceOutcome::Accepted => totals.success += count,
                    DeviceOutcome::Failed => totals.error += count,
                    DeviceOutcome::Skipped => totals.skipped += count,
                    DeviceOutcome::Gone => totals.gone += count,
                }
            }
            // One that ended before its list was complete knows nothing of the rest.
            let counted = self.run(part)?.totals.total;
            if counted > 0 || rows > 0 {
                totals.total = counted.max(settled + rows);
            }
        }
        let settled = totals.success + totals.error + totals.skipped + totals.gone;
        totals.pending = totals.total.saturating_sub(settled);
        Ok(Earlier { run, totals })
    }

    /// How many devices of this part have each outcome.
    fn outcomes(&self, part: &str) -> Result<Vec<(DeviceOutcome, u64)>, Error> {
        let read = || -> rusqlite::Result<Vec<_>> {
            let mut statement = self
                .connection
                .prepare("SELECT outcome, count(*) FROM device WHERE run = ?1 GROUP BY outcome")?;
            statement
                .query_map([part], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        let counts: Vec<(String, i64)> = read().map_err(|error| self.error(&error))?;
        let known = |(word, count): (String, i64)| {
            let outcome = DeviceOutcome::ALL
                .into_iter()
                .find(|outcome| outcome.word() == word)?;
            Some((outcome, u64::try_from(count).unwrap_or(0)))
        };
        Ok(counts.into_iter().filter_map(known).collect())
    }

    /// Ends a run that could not end itself: its requests that have no hash get theirs. Returns its last one.
    pub(crate) fn close(&self, earlier: &Earlier) -> Result<Evidence, Error> {
        let id = &earlier.run.id;
        let broken = |error: rusqlite::Error| self.error(&error);
        let last: Option<(i64, Vec<u8>)> = self
            .connection
            .query_row(
                "SELECT seq, hash FROM request WHERE run = ?1 AND hash IS NOT NULL ORDER BY seq DESC LIMIT 1",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(broken)?;
        let (after, mut evidence) = match last {
            Some((seq, hash)) => (
                seq,
                Evidence::from_bytes(&hash).ok_or_else(|| self.without_evidence(id))?,
            ),
            None => (0, self.start_of(&earlier.run)?),
        };
        let transaction = self.connection.unchecked_transaction().map_err(broken)?;
        self.rows(id, after, |row, _| {
            evidence = evidence.then(&row);
            let hash = transaction.execute(
                "UPDATE request SET hash = ?3 WHERE run = ?1 AND seq = ?2",
                params![id, row.seq, evidence.bytes()],
            );
            hash.map_err(broken)?;
            Ok(ControlFlow::Continue(()))
        })?;
        // The end of one that ended stays as it was written: it was printed.
        if earlier.run.outcome.is_none() {
            write_totals(&transaction, id, &earlier.totals, evidence).map_err(broken)?;
            transaction
                .execute("UPDATE run SET outcome = 'killed' WHERE id = ?1", [id])
                .map_err(broken)?;
        }
        transaction.commit().map_err(broken)?;
        Ok(evidence)
    }

    /// The hash before a run's first row.
    pub(crate) fn start_of(&self, run: &Run) -> Result<Evidence, Error> {
        let resumed = match &run.resumes {
            Some(id) => Some(self.last_hash(&self.run(id)?)?),
            None => None,
        };
        Ok(Evidence::of_header(&run.header(), resumed))
    }

    fn last_hash(&self, run: &Run) -> Result<Evidence, Error> {
        let written = run.evidence_sha256.as_deref().and_then(Evidence::read);
        written.ok_or_else(|| self.without_evidence(&run.id))
    }

    fn without_evidence(&self, run: &str) -> Error {
        let reason = format!("a hash of run `{run}` is missing");
        Error::new(&self.path, Problem::Damaged(reason))
    }

    /// Hands out the requests of a run that left after number `after`, in order, with the hashes that they have.
    pub(crate) fn rows(
        &self,
        run: &str,
        after: i64,
        mut take: impl FnMut(Row, Option<Vec<u8>>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        let failed = |error: rusqlite::Error| self.error(&error);
        let mut statement = self
            .connection
            .prepare(
                "SELECT seq, at, kind, devices, status, request_id, ms, hash FROM request \
                 WHERE run = ?1 AND seq > ?2 ORDER BY seq",
            )
            .map_err(failed)?;
        let mut rows = statement.query(params![run, after]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let (row, hash) = Row::read(row).map_err(failed)?;
            if take(row, hash)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Row {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Self, Option<Vec<u8>>)> {
        let hash = row.get("hash")?;
        let row = Self {
            seq: row.get("seq")?,
            at: row.get("at")?,
            kind: row.get("kind")?,
            devices: row.get("devices")?,
            status: row.get("status")?,
            request_id: row.get("request_id")?,
            ms: row.get("ms")?,
        };
        Ok((row, hash))
    }
}
