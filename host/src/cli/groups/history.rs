//! Where the history is, and whether a run goes on with an earlier one.

use std::{ffi::OsString, path::PathBuf};

use clap::Args;
use intune_sync_settings::{
    Advice,
    duration::{self, DAY},
};

use super::{
    devices_file::OF_FILES,
    report_files::{ReportFileArgs, ReportFiles},
};

/// The history of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryOptions {
    /// Its directory, instead of the system's.
    pub(crate) state_dir: Option<PathBuf>,
    /// Whether the run goes on with an earlier one.
    pub(crate) resume: Resume,
    /// The run that is gone on with says which devices, and not the flags.
    pub(crate) inherits_selection: bool,
    /// How long after the last sync to find out which devices have checked in, in milliseconds.
    pub(crate) confirm_after: Option<u64>,
    /// What is written of the run at its end.
    pub(crate) reports: ReportFiles,
    /// The history is gone after the run: nothing can be resumed from it.
    pub(crate) is_temporary: bool,
    /// The arguments of the command, without those that say which history and which run of it.
    pub(crate) arguments: Vec<String>,
}

/// Whether a run goes on with an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resume {
    /// It does not.
    No,
    /// With the latest unfinished one of the same tenant, identity and selection, if there is one.
    Latest,
    /// With this one.
    Run(String),
    /// It syncs nothing: it finds out which devices of this one have checked in since.
    Confirm(String),
}

/// Where the history is.
#[derive(Debug, Args)]
#[command(next_help_heading = "History")]
pub(in crate::cli) struct StateDirArgs {
    /// Directory of the history [default: `$XDG_STATE_HOME/intune-sync`, or `%LOCALAPPDATA%\intune-sync`]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) state_dir: Option<PathBuf>,
}

/// What `--resume` alone means; no run is called that.
const LATEST: &str = "latest";

/// The history of a run.
#[derive(Debug, Args)]
#[command(next_help_heading = "History")]
pub(in crate::cli) struct HistoryArgs {
    #[command(flatten)]
    place: StateDirArgs,
    /// Keep no history: the run cannot be resumed or looked up later, and nothing keeps a second one from starting
    #[arg(long)]
    no_history: bool,
    /// Go on with an unfinished run: this one, or the latest of the same tenant, identity and selection
    #[arg(long, value_name = "RUN", num_args = 0..=1, require_equals = true, default_missing_value = LATEST)]
    resume: Option<String>,
    /// Find out this long after the last sync which devices have checked in: `30m`
    #[arg(long, value_name = "DURATION", value_parser = duration::within(1..=7 * DAY))]
    confirm_after: Option<u64>,
}

impl HistoryOptions {
    /// A history in this directory that serves only to write these files.
    pub(in crate::cli) fn temporary(state_dir: PathBuf, reports: ReportFiles) -> Self {
        Self {
            state_dir: Some(state_dir),
            resume: Resume::No,
            inherits_selection: false,
            confirm_after: None,
            reports,
            is_temporary: true,
            arguments: Vec::new(),
        }
    }
}

impl HistoryArgs {
    /// The history, unless none is wanted.
    ///
    /// # Errors
    ///
    /// Flags that do not go together.
    pub(in crate::cli) fn options(
        self,
        reports: ReportFileArgs,
    ) -> Result<Option<HistoryOptions>, Advice> {
        let reports = reports.files()?;
        let resume = match self.resume {
            None => Resume::No,
            Some(run) if run == LATEST => Resume::Latest,
            Some(run) if run.is_empty() => {
                return Err(Advice::new(
                    "`--resume=` names no run",
                    "`--resume` alone goes on with the latest one; `intune-sync runs list` lists them",
                ));
            }
            Some(run) => Resume::Run(run),
        };
        if self.no_history {
            let excluded = |flag: &str, what: &str| {
                Advice::new(
                    format!("`{flag}` and `--no-history` are not allowed together"),
                    format!("leave `--no-history` out: {what} is in the history"),
                )
            };
            if resume != Resume::No {
                return Err(excluded("--resume", "what to resume"));
            }
            if self.confirm_after.is_some() {
                return Err(excluded("--confirm-after", "when each sync was accepted"));
            }
            if let Some((kind, _)) = reports.given().next() {
                return Err(excluded(kind.flag(), "what it writes"));
            }
            return Ok(None);
        }
        Ok(Some(HistoryOptions {
            state_dir: self.place.state_dir,
            resume,
            inherits_selection: false,
            confirm_after: self.confirm_after,
            reports,
            is_temporary: false,
            arguments: Vec::new(),
        }))
    }
}

/// The arguments of a command that `runs resume` gives again: all but those that say which history, which run of it,
/// and what is written of the run, which does not depend on where the program is started.
pub(in crate::cli) fn repeatable(args: &[OsString]) -> Vec<String> {
    const OF_THIS_PART: [(&str, bool); 5] = [
        ("--state-dir", true),
        ("--resume", false),
        ("--report", true),
        ("--csv", true),
        ("--junit", true),
    ];
    let args = args.iter().map(|arg| arg.to_string_lossy().into_owned());
    without(&OF_THIS_PART, args)
}

/// The same arguments without those about files that name devices.
pub(crate) fn without_devices_file(args: Vec<String>) -> Vec<String> {
    without(&OF_FILES, args)
}

/// Arguments without these flags, each of which takes a value of its own or does not.
fn without(flags: &[(&str, bool)], args: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let (flag, has_value) = arg
            .split_once('=')
            .map_or((&*arg, false), |(flag, _)| (flag, true));
        match flags.iter().find(|(known, _)| *known == flag) {
            Some((_, true)) if !has_value => {
                args.next();
            }
            Some(_) => {}
            None => kept.push(arg),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_the_job() {
        let repeated = |line: &str| {
            let args: Vec<_> = line.split(' ').map(Into::into).collect();
            repeatable(&args).join(" ")
        };
        let line = "--yes --state-dir /s --resume --os iOS --resume=R --state-dir=/t --pace quota";
        assert_eq!(repeated(line), "--yes --os iOS --pace quota");
        assert_eq!(
            repeated("--report r.html --csv=c.csv --junit j.xml --yes"),
            "--yes"
        );
        // Abbreviations are not flags.
        assert_eq!(repeated("--os --resume-not"), "--os --resume-not");
    }

    #[test]
    fn files_that_name_devices_are_not_read_again() {
        let kept = |line: &str| {
            let args = line.split(' ').map(str::to_owned).collect();
            without_devices_file(args).join(" ")
        };
        let line = "--yes --devices-from a.csv --devices-column Asset=name --allow-missing --os iOS \
                    --exclude-devices-from=b.csv --devices-column=Asset --pace quota";
        assert_eq!(kept(line), "--yes --os iOS --pace quota");
    }
}
