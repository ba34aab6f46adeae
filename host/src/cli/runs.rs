//! `runs`: its commands and their flags, and what they mean.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use intune_sync_report::Format;
use intune_sync_settings::{
    Advice,
    duration::{self, DAY},
};

use super::groups::{history::StateDirArgs, output::ReportFormat};

/// `runs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunsOptions {
    /// The directory of the history, instead of the system's.
    pub(crate) state_dir: Option<PathBuf>,
    /// What to do.
    pub(crate) command: RunsCommand,
}

/// What to do with the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunsCommand {
    List(ListOptions),
    Show {
        run: String,
        only: Option<Only>,
        format: RunsFormat,
    },
    Resume {
        run: String,
    },
    Confirm {
        run: String,
        format: Format,
    },
    Export {
        run: String,
    },
    Verify {
        run: String,
    },
    Failing {
        last: usize,
        format: RunsFormat,
    },
    Prune {
        keep: Pruning,
        yes: bool,
    },
}

/// Which runs to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListOptions {
    pub(crate) outcome: Option<String>,
    /// In milliseconds before now.
    pub(crate) since: Option<u64>,
    pub(crate) format: RunsFormat,
}

/// Which runs to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pruning {
    /// This many of the latest.
    Keep(usize),
    /// Those that are not older than this, in milliseconds.
    OlderThan(u64),
}

/// What stdout gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum RunsFormat {
    /// A table for people
    #[default]
    Text,
    /// JSON
    Json,
    /// A table for spreadsheets, and for `--devices-from`
    Csv,
}

/// Devices with one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    Pending,
    Accepted,
    Failed,
    Skipped,
    Gone,
    /// Accepted, and have checked in since
    Confirmed,
    /// Accepted, and have not checked in since
    Unconfirmed,
}

/// What each exit code means.
pub(super) const EXIT_CODES: &str = "Examples:
  intune-sync runs list --since 7d
  intune-sync runs show RUN --only failed -o csv > failed.csv
  intune-sync runs resume RUN           go on with it
  intune-sync runs confirm RUN          who has checked in since

Exit codes:
  0    it was done; of `verify`: the requests are as they were written
  1    it was not; of `verify`: they were changed
  2    wrong usage, or there is no such run

`runs resume` ends as `sync` does. So does `runs confirm`, with 0 once it is known who has checked in.";

/// How runs end.
const OUTCOMES: [&str; 7] = [
    "completed",
    "completed-with-errors",
    "stopped",
    "interrupted",
    "not-authorized",
    "failed",
    "killed",
];

/// `runs`.
#[derive(Debug, Args)]
pub(super) struct RunsArgs {
    #[command(subcommand)]
    command: Commands,
}

/// A run.
#[derive(Debug, Args)]
struct RunArgs {
    /// The run, by its id in the output: `20261126-041500-9c1f`
    run: String,
    #[command(flatten)]
    place: StateDirArgs,
}

#[derive(Debug, Subcommand)]
enum Commands {
    /// List the runs, the latest first
    #[command(after_long_help = "Examples:
  intune-sync runs list --since 7d
  intune-sync runs list --outcome stopped -o json")]
    List {
        /// Only runs that ended like this
        #[arg(long, value_name = "OUTCOME", value_parser = OUTCOMES)]
        outcome: Option<String>,
        /// Only runs that began this long ago at most: `7d`
        #[arg(long, value_name = "DURATION", value_parser = duration::within(1..=36_500 * DAY))]
        since: Option<u64>,
        /// What stdout gets
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t)]
        output: RunsFormat,
        #[command(flatten)]
        place: StateDirArgs,
    },
    /// Show the devices of a run
    #[command(after_long_help = "Examples:
  intune-sync runs show RUN
  intune-sync runs show RUN --only failed -o csv > failed.csv")]
    Show {
        #[command(flatten)]
        run: RunArgs,
        /// Only devices with this outcome
        #[arg(long, value_name = "OUTCOME", value_enum)]
        only: Option<Only>,
        /// What stdout gets
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t)]
        output: RunsFormat,
    },
    /// Go on with an unfinished run: the same command again, without the devices that are done
    #[command(after_long_help = "Examples:
  intune-sync runs resume RUN")]
    Resume(RunArgs),
    /// Find out which devices of a run have checked in since their sync was accepted
    ///
    /// Reads the list of devices again, with the run's own flags for the identity and the tenant. Nothing is synced.
    #[command(after_long_help = "Examples:
  intune-sync runs confirm RUN
  intune-sync runs confirm RUN -o json > checked-in.json")]
    Confirm {
        #[command(flatten)]
        run: RunArgs,
        /// What stdout gets
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t)]
        output: ReportFormat,
    },
    /// Write everything about a run as JSON lines
    #[command(after_long_help = "Examples:
  intune-sync runs export RUN > run.jsonl")]
    Export(RunArgs),
    /// Check that the requests of a run are as they were written
    #[command(after_long_help = "Examples:
  intune-sync runs verify RUN")]
    Verify(RunArgs),
    /// Show the devices that failed in each of the last runs, with the reasons
    #[command(after_long_help = "Examples:
  intune-sync runs failing
  intune-sync runs failing --last 10 -o csv > failing.csv")]
    Failing {
        /// How many runs
        #[arg(long, value_name = "N", default_value_t = 5)]
        last: u16,
        /// What stdout gets
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t)]
        output: RunsFormat,
        #[command(flatten)]
        place: StateDirArgs,
    },
    /// Delete old runs, and give their space back
    #[command(after_long_help = "Examples:
  intune-sync runs prune --keep 10
  intune-sync runs prune --older-than 90d --yes")]
    Prune {
        /// Keep the latest N
        #[arg(long, value_name = "N")]
        keep: Option<u16>,
        /// Delete runs that began longer ago than this: `90d`
        #[arg(long, value_name = "DURATION", value_parser = duration::within(1..=36_500 * DAY))]
        older_than: Option<u64>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        place: StateDirArgs,
    },
}

impl TryFrom<RunsArgs> for RunsOptions {
    type Error = Advice;

    fn try_from(args: RunsArgs) -> Result<Self, Advice> {
        let (place, command) = match args.command {
            Commands::List {
                outcome,
                since,
                output,
                place,
            } => (
                place,
                RunsCommand::List(ListOptions {
                    outcome,
                    since,
                    format: output,
                }),
            ),
            Commands::Show { run, only, output } => (
                run.place,
                RunsCommand::Show {
                    run: run.run,
                    only,
                    format: output,
                },
            ),
            Commands::Resume(RunArgs { run, place }) => (place, RunsCommand::Resume { run }),
            Commands::Confirm { run, output } => {
                let format = match output {
                    ReportFormat::Text => Format::Text,
                    ReportFormat::Json => Format::Json,
                };
                (
                    run.place,
                    RunsCommand::Confirm {
                        run: run.run,
                        format,
                    },
                )
            }
            Commands::Export(RunArgs { run, place }) => (place, RunsCommand::Export { run }),
            Commands::Verify(RunArgs { run, place }) => (place, RunsCommand::Verify { run }),
            Commands::Failing {
                last,
                output,
                place,
            } => (
                place,
                RunsCommand::Failing {
                    last: last.into(),
                    format: output,
                },
            ),
            Commands::Prune {
                keep,
                older_than,
                yes,
                place,
            } => {
                let keep = match (keep, older_than) {
                    (Some(keep), None) => Pruning::Keep(keep.into()),
                    (None, Some(length)) => Pruning::OlderThan(length),
                    (None, None) | (Some(_), Some(_)) => {
                        return Err(Advice::new(
                            "`runs prune` takes either `--keep` or `--older-than`",
                            "`runs prune --keep 10` keeps the latest ten runs, `--older-than 90d` those of the last 90 days",
                        ));
                    }
                };
                (place, RunsCommand::Prune { keep, yes })
            }
        };
        Ok(Self {
            state_dir: place.state_dir,
            command,
        })
    }
}
