//! `runs resume` and `runs confirm`: the command of a run again, as one that goes on with it, or only looks who has checked
//! in since.

use std::ffi::OsString;

use intune_sync_history::{History, StateDir};
use intune_sync_report::{ExitStatus, Format};

use super::{Failure, failure, not_resumable};
use crate::cli::{self, Command, Resume};

/// The command that resumes a run: its own arguments again.
///
/// # Errors
///
/// When there is no such run, or its arguments are no longer allowed.
pub(super) fn command(
    history: &History,
    run: &str,
    place: &StateDir,
) -> Result<Box<Command>, Failure> {
    let earlier = history.to_resume(run).map_err(failure)?;
    let arguments: Vec<String> = serde_json::from_str(&earlier.run.arguments).map_err(|error| {
        not_resumable(format!(
            "the arguments of run `{run}` cannot be read: {error}"
        ))
    })?;
    let mut args: Vec<OsString> = ["intune-sync", "sync"].map(OsString::from).into();
    args.extend(arguments.into_iter().map(OsString::from));
    args.push(format!("--resume={}", earlier.run.id).into());
    args.push("--state-dir".into());
    args.push(place.path().into());
    cli::parse(args)
        .map(Box::new)
        .map_err(|usage| Failure::new(ExitStatus::Usage, usage))
}

/// The command that finds out which devices of a run have checked in since.
///
/// # Errors
///
/// When there is no such run, or its arguments are no longer allowed.
pub(super) fn confirmation(
    history: &History,
    run: &str,
    format: Format,
    place: &StateDir,
) -> Result<Box<Command>, Failure> {
    let mut command = command(history, run, place)?;
    if let Command::Job(job) = &mut *command {
        job.format = format;
        if let Some(history) = &mut job.history {
            history.resume = Resume::Confirm(run.to_owned());
        }
    }
    Ok(command)
}
