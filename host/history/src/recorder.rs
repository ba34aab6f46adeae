//! Records a run as it goes. What is handed in is written by a thread of its own.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use intune_sync_ids::Guid;
use intune_sync_wit::{self as wit, DeviceDone, Learned, RunStatus, Summary};

use crate::{
    Error, Evidence, Header, History, Problem, Totals,
    resume::Earlier,
    writer::{End, Entry, Message, Writer},
};

/// How much waits for the writer at most, in messages; then those that hand in more wait. Ten megabytes, and what a run
/// hands in during a commit when nothing limits its pace.
const WAITING: usize = 32_768;
/// The most devices in one message: few, so that what waits is bounded in devices too.
const DEVICES: usize = 8;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// Reads a page of the list.
    List,
    /// Syncs a device.
    Sync,
    /// Syncs each of several devices.
    Batch,
    /// Syncs several devices by the bulk action.
    Bulk,
}

impl RequestKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Sync => "sync",
            Self::Batch => "batch",
            Self::Bulk => "bulk",
        }
    }
}

/// A request that leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What it does.
    pub kind: RequestKind,
    /// The devices that it syncs.
    pub devices: Vec<Guid>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// The status; none if there was no response.
    pub status: Option<u16>,
    /// Graph's id of the request.
    pub request_id: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: i64,
}

/// A device that the run has selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The device.
    pub id: Guid,
    /// Its name.
    pub name: String,
    /// Its operating system.
    pub os: String,
}

/// What is not in the history, since it could not be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unrecorded {
    /// Requests that left.
    pub requests: u64,
    /// Outcomes of devices.
    pub outcomes: u64,
}

/// Records a run. Clones record the same one.
#[derive(Debug, Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The last number given to a request, and where messages go: in the order of the numbers.
    line: Mutex<Line>,
    broken: Arc<Mutex<Option<Problem>>>,
    path: PathBuf,
}

#[derive(Debug)]
struct Line {
    seq: i64,
    messages: SyncSender<Message>,
    writer: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Begins a run: when this returns, it is in the history. `earlier` is what it resumes.
    ///
    /// # Errors
    ///
    /// When the history cannot be written.
    pub fn begin(
        history: History,
        header: &Header,
        earlier: Option<&Earlier>,
    ) -> Result<Self, Error> {
        let path = history.path.clone();
        let broken = Arc::new(Mutex::new(None));
        let writer = Writer::begin(history, header, earlier, Arc::clone(&broken))?;
        let (messages, received) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || writer.run(&received))
            .map_err(|error| {
                let reason = format!("a thread for it cannot be started: {error}");
                Error::new(&path, Problem::Io(reason))
            })?;
        Ok(Self {
            shared: Arc::new(Shared {
                line: Mutex::new(Line {
                    seq: 0,
                    messages,
                    writer: Some(thread),
                }),
                broken,
                path,
            }),
        })
    }

    /// The devices that the run will sync, or skip. May be called with a part of them at a time.
    pub fn selected(&self, devices: impl IntoIterator<Item = Selected>, at: i64) {
        let mut devices = devices.into_iter().peekable();
        while devices.peek().is_some() {
            let part = devices.by_ref().take(DEVICES).collect();
            self.send(Entry::Selected(part, at));
        }
    }

    /// A request is about to leave. Returns its number.
    pub fn left(&self, departure: Departure) -> i64 {
        let mut line = self.line();
        line.seq += 1;
        let seq = line.seq;
        line.send(Message::Entry(Entry::Left(seq, departure)));
        seq
    }

    /// A request has its response, or will get none.
    pub fn returned(&self, seq: i64, response: Return) {
        self.send(Entry::Returned(seq, response));
    }

    /// A device has its final outcome.
    pub fn done(&self, device: DeviceDone, at: i64) {
        self.send(Entry::Done(Box::new(device), at));
    }

    /// The counts so far, of all parts.
    pub fn progress(&self, totals: Totals) {
        self.send(Entry::Progress(totals));
    }

    /// What the run has learned about the quota so far.
    pub fn learned(&self, learned: Learned) {
        self.send(Entry::Learned(learned));
    }

    /// How far this machine's clock is ahead of Graph's, in milliseconds.
    pub fn clock_ahead(&self, ms: i64) {
        self.send(Entry::ClockAhead(ms));
    }

    /// Everything waits from now on, because Graph throttled the run; both in milliseconds, `at` since 1970.
    pub fn waits(&self, at: i64, ms: u64) {
        let ms = i64::try_from(ms).unwrap_or(i64::MAX);
        self.send(Entry::Waits(at, ms));
    }

    /// Waits until all that was handed in is on the disk.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn flush(&self) -> Result<(), Error> {
        let (reply, written) = sync_channel(1);
        self.line().send(Message::Flush(reply));
        match written.recv() {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(self.error()),
        }
    }

    /// Why the history can no longer be written, once it cannot.
    #[must_use]
    pub fn broken(&self) -> Option<Error> {
        let problem = lock(&self.shared.broken).clone();
        problem.map(|problem| Error::new(&self.shared.path, problem))
    }

    /// Ends the run: what waits is written, then how it ended, of all parts. What could not be written before is tried
    /// once more. Later calls of anything change nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be written; with what is missing.
    pub fn end(
        &self,
        summary: &Summary,
        outcome: &str,
        ended_at: &str,
    ) -> Result<Evidence, (Error, Unrecorded)> {
        let (reply, ended) = sync_channel(1);
        let writer = {
            let mut line = self.line();
            line.send(Message::End {
                totals: summary.into(),
                end: End {
                    outcome: outcome.to_owned(),
                    at: ended_at.to_owned(),
                    problem: problem_of(&summary.status).cloned(),
                },
                reply,
            });
            line.writer.take()
        };
        let ended = ended.recv();
        if let Some(writer) = writer {
            // It has replied, so that it ends now.
            let _ = writer.join();
        }
        match ended {
            Ok(ended) => ended.map_err(|missing| (self.error(), missing)),
            Err(_) => Err((self.error(), Unrecorded::default())),
        }
    }

    fn error(&self) -> Error {
        self.broken().unwrap_or_else(|| {
            let over = Problem::Io("the run is over".to_owned());
            Error::new(&self.shared.path, over)
        })
    }

    fn send(&self, entry: Entry) {
        self.line().send(Message::Entry(entry));
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        lock(&self.shared.line)
    }
}

impl Drop for Shared {
    /// A run that nobody ends keeps what was handed in.
    fn drop(&mut self) {
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The writer ends when nobody can send to it any more.
        line.messages = sync_channel(0).0;
        if let Some(writer) = line.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Line {
    /// A writer that is gone takes nothing: the run is over.
    fn send(&self, message: Message) {
        let _ = self.messages.send(message);
    }
}

/// Why a run's work was not done.
fn problem_of(status: &RunStatus) -> Option<&wit::Problem> {
    match status {
        RunStatus::Interrupted(problem)
        | RunStatus::NotAuthorized(problem)
        | RunStatus::Failed(problem) => Some(problem),
        RunStatus::Running | RunStatus::Completed | RunStatus::Stopped => None,
    }
}

/// What is behind these locks stays whole if a holder panics.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
