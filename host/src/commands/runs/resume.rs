//! `runs resume` and `runs confirm`: the command of a run again, as one that goes on with it, or only looks who has
//! checked in since.

use std::ffi::OsString;

use intune_sync_history::{History, Run, StateDir};
use intune_sync_report::{ExitStatus, Format};

use super::{Failure, failure, not_resumable};
use crate::cli::{self, Command, ReportFiles, Resume, without_devices_file};

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
    // Where the history knows which devices, nothing else needs to.
    let knows =
        history.pending(&earlier).map_err(failure)?.is_some() || !earlier.run.is_unfinished();
    again(&earlier.run, knows, run, place)
}

/// The command of a run again; `knows` if the history knows its devices.
fn again(earlier: &Run, knows: bool, run: &str, place: &StateDir) -> Result<Box<Command>, Failure> {
    let given: Vec<String> = serde_json::from_str(&earlier.arguments).map_err(|error| {
        not_resumable(format!(
            "the arguments of run `{run}` cannot be read: {error}"
        ))
    })?;
    let arguments = match knows {
        true => without_devices_file(given.clone()),
        false => given.clone(),
    };
    let mut args: Vec<OsString> = ["intune-sync", "sync"].map(OsString::from).into();
    args.extend(arguments.into_iter().map(OsString::from));
    args.push(format!("--resume={}", earlier.id).into());
    args.push("--state-dir".into());
    args.push(place.path().into());
    let usage = |usage| Failure::new(ExitStatus::Usage, usage);
    let mut command = Box::new(cli::parse(args).map_err(usage)?.command);
    if let Command::Job(job) = &mut *command
        && let Some(history) = &mut job.history
    {
        history.inherits_selection = knows;
        // The next part is this command too, as it was given.
        history.arguments = given;
    }
    Ok(command)
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
    let last = history.to_resume(run).map_err(failure)?.run;
    let mut command = again(&last, true, run, place)?;
    if let Command::Job(job) = &mut *command {
        job.format = format;
        // It syncs nothing that a message could be about.
        job.notify = None;
        if let Some(history) = &mut job.history {
            history.resume = Resume::Confirm(run.to_owned());
            // Nothing ends here, and the files of that run may be elsewhere by now.
            history.reports = ReportFiles::default();
        }
    }
    Ok(command)
}
