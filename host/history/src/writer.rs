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
    thread,
    time::{Duration, Instant},
};

use intune_sync_wit::{self as wit, DeviceDone, Learned};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::{
    Departure, Error, Evidence, Header, History, Problem, Return, Selected, Totals, Unrecorded,
    chain::{Chain, Row},
    changes::Changes,
    recorder::lock,
    resume::Earlier,
    statements::{Statements, write_learned, write_totals},
};

/// How long what has come in waits for its commit at least. A kill costs this much at most, and the time of one commit.
const COMMIT: Duration = Duration::from_millis(250);
/// How long it waits at most, on a disk that takes long.
const COMMIT_MAX: Duration = Duration::from_millis(750);
/// How many rows are gathered at most.
const GATHERED: usize = 32_000;
/// How long the writer sleeps once nothing waits any more. The run pays for each time that it wakes a writer which
/// waits for a message; one that sleeps is not woken, and finds many.
const NAP: Duration = Duration::from_millis(10);

/// What the recorder hands in.
#[derive(Debug)]
pub(crate) enum Message {
    Entry(Entry),
    /// Commit now, and say whether that was possible.
    Flush(SyncSender<bool>),
    /// The run is over.
    End {
        totals: Totals,
        end: End,
        reply: SyncSender<Result<Evidence, Unrecorded>>,
    },
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) outcome: String,
    pub(crate) at: String,
    /// Why its work was not done, and what helps.
    pub(crate) problem: Option<wit::Problem>,
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
    ClockAhead(i64),
    Waits(i64, i64),
}

/// Writes one run.
pub(crate) struct Writer {
    connection: Connection,
    run: String,
    chain: Chain,
    changes: Changes,
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
            changes: Changes::default(),
            took: Duration::ZERO,
            broken,
            path: history.path,
        })
    }

    /// Writes until the run ends, or its last recorder is dropped.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        let mut due: Option<Instant> = None;
        loop {
            match next(messages, due) {
                Ok(Message::Entry(entry)) => {
                    self.gather(entry);
                    due = due.or_else(|| Some(Instant::now() + self.interval()));
                    if self.changes.rows() >= GATHERED {
                        self.commit();
                        due = None;
                    }
                }
                Ok(Message::Flush(reply)) => {
                    self.commit();
                    due = None;
                    let _ = reply.send(lock(&self.broken).is_none());
                }
                Ok(Message::End { totals, end, reply }) => {
                    let ended = self.end(totals, &end);
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
        match entry {
            Entry::Selected(devices, at) => {
                for device in devices {
                    self.changes.select(device, at);
                }
            }
            Entry::Left(seq, departure) => {
                let row = row(seq, &departure);
                self.changes.request(seq).left = Some(row.clone());
                self.chain.left(row);
            }
            Entry::Returned(seq, response) => {
                if let Some(row) = self.chain.returned(seq) {
                    row.status = response.status;
                    row.request_id.clone_from(&response.request_id);
                    row.ms = Some(response.ms);
                    self.changes.request(seq).returned = Some(response);
                    self.hash();
                }
            }
            Entry::Done(device, at) => self.changes.finish(device, at),
            Entry::Progress(totals) => self.changes.totals = Some(totals),
            Entry::Learned(learned) => self.changes.learned = Some(learned),
            Entry::ClockAhead(ms) => self.changes.clock_ahead = Some(ms),
            Entry::Waits(at, ms) => self.changes.waits.push((at, ms)),
        }
    }

    /// How long what comes in waits for its commit. A quarter of the time at most is spent on commits.
    fn interval(&self) -> Duration {
        (self.took * 3).clamp(COMMIT, COMMIT_MAX)
    }

    fn hash(&mut self) {
        while let Some((seq, hash)) = self.chain.next() {
            self.changes.request(seq).hash = Some(hash);
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

    fn try_commit(&mut self, end: Option<&End>) -> rusqlite::Result<()> {
        let transaction = Transaction::new(&mut self.connection, TransactionBehavior::Immediate)?;
        Statements::prepare(&transaction, &self.run)?.apply(&self.changes)?;
        if let Some(totals) = &self.changes.totals {
            write_totals(&transaction, &self.run, totals, self.chain.last())?;
        }
        if let Some(learned) = self.changes.learned {
            write_learned(&transaction, &self.run, learned)?;
        }
        if let Some(ms) = self.changes.clock_ahead {
            transaction.execute(
                "UPDATE run SET clock_ahead_ms = ?2 WHERE id = ?1",
                params![self.run, ms],
            )?;
        }
        if let Some(End {
            outcome,
            at,
            problem,
        }) = end
        {
            let (problem, hint) = match problem {
                Some(problem) => (Some(&problem.message), Some(&problem.hint)),
                None => (None, None),
            };
            transaction.execute(
                "UPDATE run SET outcome = ?2, ended_at = ?3, problem = ?4, hint = ?5 WHERE id = ?1",
                params![self.run, outcome, at, problem, hint],
            )?;
        }
        transaction.commit()?;
        self.changes = Changes::default();
        Ok(())
    }

    fn end(&mut self, totals: Totals, end: &End) -> Result<Evidence, Unrecorded> {
        self.chain.close();
        self.hash();
        self.changes.totals = Some(totals);
        match self.try_commit(Some(end)) {
            Ok(()) => Ok(self.chain.last()),
            Err(error) => {
                let problem = Error::sqlite(&self.path, &error).problem;
                *lock(&self.broken) = Some(Problem::Broken(Box::new(problem)));
                Err(self.changes.unrecorded())
            }
        }
    }
}

/// The next message, if there is one before the next commit is due.
fn next(messages: &Receiver<Message>, due: Option<Instant>) -> Result<Message, RecvTimeoutError> {
    let Some(due) = due else {
        return messages.recv().map_err(|_| RecvTimeoutError::Disconnected);
    };
    if let Ok(message) = messages.try_recv() {
        return Ok(message);
    }
    let left = || due.saturating_duration_since(Instant::now());
    thread::sleep(left().min(NAP));
    messages.recv_timeout(left())
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
