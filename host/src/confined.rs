//! Work on a file that nobody vouches for, in a separate process with limits on its time and memory.
//!
//! The program runs itself again, as `intune-sync confined PARENT SECONDS MIB COMMAND…`. That process limits itself
//! before it reads anything, and ends with this one: by Linux' own means, however that ends, and elsewhere as long as
//! this one is not killed. Elsewhere than on Unix only its time is limited, by the clock.

use std::{
    env,
    ffi::OsString,
    io,
    process::{Output, Stdio},
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use intune_sync_report::ExitStatus;
use tokio::process::Command;

/// The first argument of a confined process.
const CONFINED: &str = "confined";
/// By the clock: a machine may be busy, or a file a pipe into which nobody writes.
const CLOCK: Duration = Duration::from_mins(5);

/// Whether this process is a confined one.
static IS_CONFINED: AtomicBool = AtomicBool::new(false);

/// What a confined process may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Of processor time.
    pub(crate) seconds: u64,
    /// MiB of memory.
    pub(crate) memory: u64,
}

/// Why a confined process has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Exceeded {
    #[error("takes more than {0} s of processor time")]
    Time(u64),
    #[error("takes more than {} min", CLOCK.as_secs() / 60)]
    Clock,
    #[error("takes more than {0} MiB of memory")]
    Memory(u64),
    #[error("is read in a process that cannot be started: {0}")]
    NotStarted(#[from] io::Error),
}

/// Whether this process is a confined one, which does the work itself.
pub(crate) fn is_confined() -> bool {
    IS_CONFINED.load(Ordering::Relaxed)
}

/// The arguments of this process. Those of a confined one confine it, and are taken off.
pub(crate) fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = env::args_os().collect();
    if let [_, confined, parent, seconds, memory, ..] = arguments.as_slice()
        && confined == CONFINED
        && let (Some(parent), Some(seconds), Some(memory)) =
            (number(parent), number(seconds), number(memory))
    {
        confine(Bounds { seconds, memory });
        end_with(parent);
        IS_CONFINED.store(true, Ordering::Relaxed);
        arguments.drain(1..5);
    }
    arguments
}

/// Runs this program with these arguments within bounds. It is ended when the future is dropped.
///
/// # Errors
///
/// When it breaks a bound, or cannot be started.
pub(crate) async fn run(
    bounds: Bounds,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Output, Exceeded> {
    let output = Command::new(env::current_exe()?)
        .arg(CONFINED)
        .arg(std::process::id().to_string())
        .args([bounds.seconds, bounds.memory].map(|bound| bound.to_string()))
        .args(arguments)
        // The file may be `/dev/stdin`; nothing else is read from there.
        .stdin(Stdio::inherit())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(CLOCK, output)
        .await
        .map_err(|_| Exceeded::Clock)??;
    match ended_by(&output) {
        None => Ok(output),
        Some(signal) if is_out_of_time(signal) => Err(Exceeded::Time(bounds.seconds)),
        // A program that gets no memory aborts.
        Some(_) => Err(Exceeded::Memory(bounds.memory)),
    }
}

fn number<N: FromStr>(argument: &OsString) -> Option<N> {
    argument.to_str()?.parse().ok()
}

/// Limits this process. A limit that is lower already stays.
#[cfg(unix)]
fn confine(bounds: Bounds) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = |resource, most: u64| {
        let within = |limit: Option<u64>| Some(limit.map_or(most, |limit| limit.min(most)));
        let Rlimit { current, maximum } = getrlimit(resource);
        let limit = Rlimit {
            current: within(current),
            maximum: within(maximum),
        };
        // It only goes down, which is always permitted.
        let _ = setrlimit(resource, limit);
    };
    // No core of a file that was made to exhaust the machine.
    limit(Resource::Core, 0);
    limit(Resource::Cpu, bounds.seconds);
    limit(Resource::Data, bounds.memory << 20);
}

#[cfg(not(unix))]
fn confine(_: Bounds) {}

/// Ends this process with the one that has started it: it may wait for a file that never ends, with nobody left to end
/// it.
#[cfg(target_os = "linux")]
fn end_with(parent: i32) {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

    // Where it is not to be had, it is not.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // Of one that has ended before, no signal comes.
    if getppid() != Pid::from_raw(parent) {
        std::process::exit(ExitStatus::Failed.code().into());
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with(_: i32) {}

/// The signal that has ended a process.
#[cfg(unix)]
fn ended_by(output: &Output) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&output.status)
}

#[cfg(not(unix))]
fn ended_by(_: &Output) -> Option<i32> {
    None
}

/// Whether this signal ends a process whose time is up. One whose hard limit is reached is killed.
#[cfg(unix)]
fn is_out_of_time(signal: i32) -> bool {
    use rustix::process::Signal;

    [Signal::XCPU, Signal::KILL]
        .map(Signal::as_raw)
        .contains(&signal)
}

#[cfg(not(unix))]
fn is_out_of_time(_: i32) -> bool {
    false
}
