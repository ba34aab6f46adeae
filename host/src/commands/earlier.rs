//! Which earlier run a run goes on with.

use intune_sync_history::{Earlier, Error, Header, History, StateDir};
use intune_sync_report::ExitStatus;

use super::{
    Failure,
    history::{resume_command, unusable},
};
use crate::{
    cli::{HistoryOptions, Resume},
    printer::Printer,
};

/// The run to go on with.
pub(super) fn earlier(
    history: &History,
    place: &StateDir,
    HistoryOptions {
        resume,
        inherits_selection,
        ..
    }: &HistoryOptions,
    header: &Header,
    printer: &mut Printer,
) -> Result<Option<Earlier>, Failure> {
    match resume {
        Resume::No | Resume::Confirm(_) => Ok(None),
        Resume::Latest => {
            let latest = history.unfinished(&header.subject, &header.selection);
            let latest = latest.map_err(unusable)?;
            if latest.is_none() {
                printer.note("there is no unfinished run to resume: a new one begins");
            }
            Ok(latest)
        }
        Resume::Run(run) => {
            let earlier = history.to_resume(run).map_err(no_such_run)?;
            let mut difference = header.subject.difference(&earlier.run.subject);
            if !inherits_selection && header.selection != earlier.run.selection {
                difference.push(format!(
                    "selection `{}` instead of `{}`",
                    header.selection, earlier.run.selection
                ));
            }
            same_job(run, place, difference)?;
            if !earlier.run.is_unfinished() {
                return Err(Failure::usage(
                    format!("run `{run}` is finished: there is nothing to resume"),
                    "leave `--resume` out to begin a new one",
                ));
            }
            Ok(Some(earlier))
        }
    }
}

/// A run that a user has named, and that cannot be used.
pub(super) fn no_such_run(error: Error) -> Failure {
    Failure::new(ExitStatus::Usage, error)
}

/// Refuses to go on with a run that differs in these ways.
pub(super) fn same_job(
    run: &str,
    place: &StateDir,
    difference: Vec<String>,
) -> Result<(), Failure> {
    match difference.is_empty() {
        true => Ok(()),
        false => Err(Failure::usage(
            format!("run `{run}` was another job: {}", difference.join(", ")),
            format!(
                "`{}` gives it the same flags again",
                resume_command(place, run)
            ),
        )),
    }
}
