//! The program within another, in a process that is not its own.
//!
//! There it leaves signals alone, starts no process, asks nobody, and ends nothing but its own run. What it prints goes
//! to streams that it is given, and besides the exit code there is the object that `--output json` prints.

use std::{
    ffi::OsString,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
    thread::{self, ThreadId},
};

use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;
use tokio::{sync::watch, time::Instant};

pub use crate::printer::Streams;
use crate::{cli, commands::Failure, last_resort, output::ErrorObject, printer::Printer};

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code of the program.
    pub exit_code: u8,
    /// The JSON object of the run, as `--output json` prints it; why there was no run, if there was none. `None` for
    /// commands that have no object.
    pub object: Option<String>,
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Wrong usage: exit code 2 of the program. Nothing was sent.
    #[error(transparent)]
    Usage(Advice),
    /// One run at a time.
    #[error(transparent)]
    Busy(Advice),
    /// It broke off, in a way that nothing expects. What was sent remains.
    #[error(transparent)]
    Bug(Advice),
}

impl Refused {
    /// What to do about it, in one sentence.
    #[must_use]
    pub fn hint(&self) -> &str {
        let (Self::Usage(advice) | Self::Busy(advice) | Self::Bug(advice)) = self;
        &advice.hint
    }
}

/// Stops a run, from any thread.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Halt>);

#[derive(Debug, Default)]
struct Halt {
    requested: watch::Sender<bool>,
    at_once: watch::Sender<bool>,
}

impl Stop {
    /// The first call is Ctrl-C of the program: what is in flight is finished, and the summary comes. The second ends
    /// the run at once.
    pub fn request(&self) {
        if self.0.requested.send_replace(true) {
            self.0.at_once.send_replace(true);
        }
    }
}

/// The run of this process.
struct Current {
    stop: Stop,
    thread: ThreadId,
    /// Where something has panicked.
    broke: Option<Advice>,
}

static CURRENT: Mutex<Option<Current>> = Mutex::new(None);

/// Nothing panics while it holds the lock, so a poisoned one is as good as any.
fn current() -> MutexGuard<'static, Option<Current>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the command that the arguments name, without the name of the program. There is one run at a time in a process.
///
/// # Errors
///
/// When there was no run, or it broke off.
pub fn run(arguments: Vec<OsString>, streams: Streams, stop: &Stop) -> Result<Ended, Refused> {
    let _held = Held::take(stop)?;
    heed_panics();
    last_resort::begin();
    let mut printer = Printer::new(streams).with_object();
    let program = OsString::from(cli::NAME);
    let arguments = [program].into_iter().chain(arguments).collect();
    let run = || crate::run(arguments, false, Instant::now(), &mut printer);
    // Of what broke off, only what was printed is looked at any more.
    let ended = catch_unwind(AssertUnwindSafe(run));
    let broke = current().as_mut().and_then(|current| current.broke.take());
    let failure = match (ended, broke) {
        (Ok(Ok(status)), broke) => {
            // A run reports what it has done even then.
            if let Some(bug) = broke {
                printer.error(&bug);
            }
            return Ok(Ended {
                exit_code: status.code(),
                object: printer.take_object(),
            });
        }
        (Ok(Err(failure)), None) => failure,
        (Ok(Err(_)) | Err(_), broke) => {
            return Err(Refused::Bug(
                broke.unwrap_or_else(|| last_resort::bug_at(None)),
            ));
        }
    };
    let Failure { advice, status } = failure;
    if status == ExitStatus::Usage {
        return Err(Refused::Usage(advice));
    }
    printer.error(&advice);
    let object = printer.take_object();
    Ok(Ended {
        exit_code: status.code(),
        object: object.or_else(|| Some(no_run(advice))),
    })
}

/// The object of a command that did not get to its work.
fn no_run(advice: Advice) -> String {
    serde_json::json!({ "Error": ErrorObject(advice) }).to_string()
}

/// This process runs something.
struct Held;

impl Held {
    fn take(stop: &Stop) -> Result<Self, Refused> {
        let mut current = current();
        if current.is_some() {
            return Err(Refused::Busy(Advice::new(
                "another run goes on in this process",
                "call it again when that run has ended",
            )));
        }
        *current = Some(Current {
            stop: stop.clone(),
            thread: thread::current().id(),
            broke: None,
        });
        Ok(Self)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *current() = None;
    }
}

/// A panic is known by its place, never by its text, which may be secret. The thread of the run unwinds; for the others
/// nobody may be waiting, so that they end the run, once it has reported what it has done.
fn heed_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| match &mut *current() {
            Some(current) => {
                current.broke = Some(last_resort::bug_at(panic.location()));
                if thread::current().id() != current.thread {
                    let stop = current.stop.clone();
                    last_resort::break_off(move || {
                        stop.0.at_once.send_replace(true);
                    });
                }
            }
            None => before(panic),
        }));
    });
}

/// What requests a stop of this process's run, if the process is not the program's own.
pub(crate) fn stop_requested() -> Option<watch::Receiver<bool>> {
    current()
        .as_ref()
        .map(|current| current.stop.0.requested.subscribe())
}

/// Waits until the run is to end at once. A program of its own ends as a process.
pub(crate) async fn ended_at_once() -> Failure {
    let at_once = current()
        .as_ref()
        .map(|current| current.stop.0.at_once.subscribe());
    let Some(mut at_once) = at_once else {
        return std::future::pending().await;
    };
    // The sender is in `CURRENT` until the run is over.
    let _ = at_once.wait_for(|at_once| *at_once).await;
    Failure::new(
        ExitStatus::Interrupted,
        Advice::new(
            "the run was ended at once",
            "what was sent so far remains; `sync --resume` with the same flags goes on where it was",
        ),
    )
}

/// Refuses `what`, which starts a process.
///
/// # Errors
///
/// When the process is not the program's own.
pub(crate) fn refuse_process(what: &str, instead: &str) -> Result<(), Failure> {
    match *current() {
        None => Ok(()),
        Some(_) => Err(Failure::usage(
            format!("{what} needs a separate process, and a module starts none"),
            format!("use the program `intune-sync`, or {instead}"),
        )),
    }
}
