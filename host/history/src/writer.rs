//! The thread that writes a run: it gathers what comes in, and commits it four times a second.
//!
//! What is gathered is applied in one short transaction, so that another run, or a reader, waits for milliseconds only.
//! If that fails, what was gathered is kept, the run is told to end, and its end tries once more.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use intune_sync_ids::Guid;
use intune_sync_wit::{DeviceDone, Failure, Learned, Outcome};
use rusqlite::{Connection, Statement, Transaction, TransactionBehavior, named_params, params};

use crate::{
    Departure, DeviceOutcome, Error, Evidence, Header, History, Problem, Return, Selected, Totals,
    Unrecorded,
    chain::{Chain, Row},
    recorder::lock,
    resume::Earlier,
};

/// How long what has come in waits for its commit at least. A kill costs this much at most, and the time of one commit.
const COMMIT: Duration = Duration::from_millis(250);
/// How long it waits at most, on a disk that takes long.
const COMMIT_MAX: Duration = Duration::from_millis(750);
/// How many rows are gathered at most.
const GATHERED: usize = 32_000;

/// What the recorder hands in.
#[derive(Debug)]
pub(crate) enum Message {
    Entry(Entry),
    /// Commit now, and say whether that was possible.
    Flush(SyncSender<bool>),
    /// The run is over.
    End {
        totals: Totals,
        outcome: String,
        ended_at: String,
        reply: SyncSender<Result<Evidence, Unrecorded>>,
    },
}

/// Something to write.
#[derive(Debug)]
pub(crate) enum Entry {
    Selected(Vec<Selected>, i64),
    Left(i64, Departure),
    Returned(i64, Return),
    Done(Box<DeviceDone>, i64),
    Progress(Totals),
    Learned(Learned),
}

/// A change of the tables that is yet to be made. Making one twice is making it once.
#[derive(Debug)]
enum Change {
    Select(Vec<Selected>, i64),
    Leave(Row),
    Return(i64, Return),
    Hash(i64, Evidence),
    Finish(Box<DeviceDone>, i64),
}

/// Writes one run.
pub(crate) struct Writer {
    connection: Connection,
    run: String,
    chain: Chain,
    changes: Vec<Change>,
    rows: usize,
    totals: Option<Totals>,
    learned: Option<Learned>,
    /// How long the last commit took.
    took: Duration,
    broken: Arc<Mutex<Option<Problem>>>,
    path: PathBuf,
}

impl Writer {
    /// Writes the run's header. The run that it resumes gets its last hashes, and the outcome that it did not write.
    pub(crate) fn begin(
        history: History,
        header: &Header,
        earlier: Option<&Earlier>,
        broken: Arc<Mutex<Option<Problem>>>,
    ) -> Result<Self, Error> {
        // Its rows are of the run that it has inserted itself.
        let unchecked = history
            .connection
            .pragma_update(None, "foreign_keys", false);
        unchecked.map_err(|error| history.error(&error))?;
        let resumed = earlier.map(|earlier| history.close(earlier)).transpose()?;
        let start = Evidence::of_header(header, resumed);
        let insert = history.connection.execute(
            "INSERT INTO run (id, started_at, purpose, cloud, tenant, app, settings, selection, arguments, program, \
             component_sha256, resumes, evidence_sha256) \
             VALUES (?1, ?2, 'sync', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                header.id,
                header.started_at,
                header.subject.cloud,
                header.subject.tenant,
                header.subject.app,
                header.settings,
                header.selection,
                header.arguments,
                header.program,
                header.component_sha256,
                earlier.map(|earlier| &earlier.run.id),
                start.to_string(),
            ],
        );
        insert.map_err(|error| history.error(&error))?;
        Ok(Self {
            connection: history.connection,
            run: header.id.clone(),
            chain: Chain::after(start),
            changes: Vec::new(),
            rows: 0,
            totals: None,
            learned: None,
            took: Duration::ZERO,
            broken,
            path: history.path,
        })
    }

    /// Writes until the run ends, or its last recorder is dropped.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        let mut due: Option<Instant> = None;
        loop {
            let message = match due {
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => messages.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match message {
                Ok(Message::Entry(entry)) => {
                    self.gather(entry);
                    due = due.or_else(|| Some(Instant::now() + self.interval()));
                    if self.rows >= GATHERED {
                        self.commit();
                        due = None;
                    }
                }
                Ok(Message::Flush(reply)) => {
                    self.commit();
                    due = None;
                    let _ = reply.send(lock(&self.broken).is_none());
                }
                Ok(Message::End {
                    totals,
                    outcome,
                    ended_at,
                    reply,
                }) => {
                    let ended = self.end(totals, &outcome, &ended_at);
                    // The file is closed when the run's end is known.
                    drop(self);
                    let _ = reply.send(ended);
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.commit();
                    due = None;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.commit();
                    return;
                }
            }
        }
    }

    fn gather(&mut self, entry: Entry) {
        self.rows += 1;
        match entry {
            Entry::Selected(devices, at) => {
                self.rows += devices.len();
                self.changes.push(Change::Select(devices, at));
            }
            Entry::Left(seq, departure) => {
                let row = row(seq, &departure);
                self.chain.left(row.clone());
                self.changes.push(Change::Leave(row));
            }
            Entry::Returned(seq, response) => {
                if let Some(row) = self.chain.returned(seq) {
                    row.status = response.status;
                    row.request_id.clone_from(&response.request_id);
                    row.ms = Some(response.ms);
                    self.changes.push(Change::Return(seq, response));
                    self.hash();
                }
            }
            Entry::Done(device, at) => self.changes.push(Change::Finish(device, at)),
            Entry::Progress(totals) => self.totals = Some(totals),
            Entry::Learned(learned) => self.learned = Some(learned),
        }
    }

    /// How long what comes in waits for its commit. A quarter of the time at most is spent on commits.
    fn interval(&self) -> Duration {
        (self.took * 3).clamp(COMMIT, COMMIT_MAX)
    }

    fn hash(&mut self) {
        while let Some((seq, hash)) = self.chain.next() {
            self.changes.push(Change::Hash(seq, hash));
        }
    }

    /// Commits what was gathered. After a failure everything is kept.
    fn commit(&mut self) {
        if lock(&self.broken).is_some() {
            return;
        }
        let begun = Instant::now();
        let committed = self.try_commit(None);
        self.took = begun.elapsed();
        if let Err(error) = committed {
            let problem = Error::sqlite(&self.path, &error).problem;
            *lock(&self.broken) = Some(Problem::Broken(Box::new(problem)));
        }
    }

    fn try_commit(&mut self, end: Option<(&str, &str)>) -> rusqlite::Result<()> {
        let transaction = Transaction::new(&mut self.connection, TransactionBehavior::Immediate)?;
        Statements::prepare(&transaction, &self.run)?.apply(&self.changes)?;
        if let Some(totals) = &self.totals {
            write_totals(&transaction, &self.run, totals, self.chain.last())?;
        }
        if let Some(learned) = self.learned {
            transaction.execute(
                "UPDATE run SET learned_rate = ?2, bulk_counts_devices = ?3 WHERE id = ?1",
                params![
                    self.run,
                    i64::try_from(learned.rate).unwrap_or(i64::MAX),
                    learned.bulk_counts_devices
                ],
            )?;
        }
        if let Some((outcome, ended_at)) = end {
            transaction.execute(
                "UPDATE run SET outcome = ?2, ended_at = ?3 WHERE id = ?1",
                params![self.run, outcome, ended_at],
            )?;
        }
        transaction.commit()?;
        self.changes.clear();
        self.rows = 0;
        self.totals = None;
        self.learned = None;
        Ok(())
    }

    fn end(
        &mut self,
        totals: Totals,
        outcome: &str,
        ended_at: &str,
    ) -> Result<Evidence, Unrecorded> {
        self.chain.close();
        self.hash();
        self.totals = Some(totals);
        match self.try_commit(Some((outcome, ended_at))) {
            Ok(()) => Ok(self.chain.last()),
            Err(error) => {
                let problem = Error::sqlite(&self.path, &error).problem;
                *lock(&self.broken) = Some(Problem::Broken(Box::new(problem)));
                Err(self.unrecorded())
            }
        }
    }

    fn unrecorded(&self) -> Unrecorded {
        let mut unrecorded = Unrecorded::default();
        for change in &self.changes {
            match change {
                Change::Leave(_) => unrecorded.requests += 1,
                Change::Finish(..) => unrecorded.outcomes += 1,
                Change::Select(..) | Change::Return(..) | Change::Hash(..) => {}
            }
        }
        unrecorded
    }
}

fn row(seq: i64, departure: &Departure) -> Row {
    let mut devices = String::with_capacity(departure.devices.len() * 37);
    for device in &departure.devices {
        if !devices.is_empty() {
            devices.push(' ');
        }
        devices.push_str(device.text().as_str());
    }
    Row {
        seq,
        at: departure.at,
        kind: departure.kind.word().to_owned(),
        devices,
        status: None,
        request_id: None,
        ms: None,
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

/// The statements of a transaction.
struct Statements<'a> {
    run: &'a str,
    select: Statement<'a>,
    leave: Statement<'a>,
    returned: Statement<'a>,
    hash: Statement<'a>,
    finish: Statement<'a>,
}

impl<'a> Statements<'a> {
    fn prepare(connection: &'a Connection, run: &'a str) -> rusqlite::Result<Self> {
        Ok(Self {
            run,
            select: connection.prepare(
                "INSERT INTO device (run, id, name, os, outcome, attempts, at) \
                 VALUES (?1, ?2, ?3, ?4, 'pending', 0, ?5) ON CONFLICT DO NOTHING",
            )?,
            leave: connection.prepare(
                "INSERT INTO request (run, seq, at, kind, devices) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT DO NOTHING",
            )?,
            returned: connection.prepare(
                "UPDATE request SET status = ?3, request_id = ?4, ms = ?5 WHERE run = ?1 AND seq = ?2",
            )?,
            hash: connection
                .prepare("UPDATE request SET hash = ?3 WHERE run = ?1 AND seq = ?2")?,
            finish: connection.prepare(
                "INSERT INTO device (run, id, name, os, outcome, attempts, status, code, message, request_id, \
                 client_request_id, at) VALUES (?1, ?2, ?3, '', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
                 ON CONFLICT DO UPDATE SET outcome = ?4, attempts = ?5, status = ?6, code = ?7, message = ?8, \
                 request_id = ?9, client_request_id = ?10, at = ?11",
            )?,
        })
    }

    fn apply(&mut self, changes: &[Change]) -> rusqlite::Result<()> {
        let run = self.run;
        for change in changes {
            match change {
                Change::Select(devices, at) => {
                    for Selected { id, name, os } in devices {
                        let id = id.text();
                        self.select
                            .execute(params![run, id.as_str(), name, os, at])?;
                    }
                }
                Change::Leave(row) => {
                    let Row {
                        seq,
                        at,
                        kind,
                        devices,
                        ..
                    } = row;
                    self.leave.execute(params![run, seq, at, kind, devices])?;
                }
                Change::Return(seq, response) => {
                    let Return {
                        status,
                        request_id,
                        ms,
                    } = response;
                    self.returned
                        .execute(params![run, seq, status, request_id, ms])?;
                }
                Change::Hash(seq, hash) => {
                    self.hash.execute(params![run, seq, hash.bytes()])?;
                }
                Change::Finish(device, at) => self.finish(device, *at)?,
            }
        }
        Ok(())
    }

    fn finish(&mut self, device: &DeviceDone, at: i64) -> rusqlite::Result<()> {
        let DeviceDone {
            id,
            name,
            attempts,
            outcome,
        } = device;
        let (outcome, reason, failure) = match outcome {
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
            Guid::from_halves(id.hi, id.lo).text().as_str(),
            name,
            outcome.word(),
            attempts,
            failure.and_then(|failure| failure.status),
            of(|failure| &failure.code),
            reason,
            of(|failure| &failure.request_id),
            of(|failure| &failure.client_request_id),
            at,
        ])?;
        Ok(())
    }
}
