//! What is shown, and how: the format of stdout, colour, and how much goes to stderr.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use intune_sync_report::Format;
use intune_sync_settings::Advice;

use crate::cli::clap_error::error_of;

/// What stdout gets of an audit or a rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A report for people
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// What stdout gets of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum JobFormat {
    /// A summary for people
    #[default]
    Text,
    /// One JSON object
    Json,
    /// A JSON object a line: each event, and the summary last
    Jsonl,
    /// The devices that a plan lists, one a row
    Csv,
}

/// How the devices of a plan are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceTable {
    /// With the plan, in its format.
    WithPlan,
    /// Alone, as CSV.
    Csv,
}

impl JobFormat {
    /// The format of what a run says of itself, and whether devices are to be listed, and how.
    ///
    /// # Errors
    ///
    /// CSV of anything but a list of devices.
    pub(in crate::cli) fn read(self, list: bool) -> Result<(Format, Option<DeviceTable>), Advice> {
        let table = |format| (format, list.then_some(DeviceTable::WithPlan));
        match self {
            Self::Text => Ok(table(Format::Text)),
            Self::Json => Ok(table(Format::Json)),
            Self::Jsonl => Ok(table(Format::Jsonl)),
            Self::Csv if list => Ok((Format::Text, Some(DeviceTable::Csv))),
            Self::Csv => Err(Advice::new(
                "`csv` is not allowed for `--output` here: only a list of devices is a table",
                "`intune-sync plan --list --output csv` writes the devices that a sync would take, \
                 `intune-sync runs show RUN --output csv` those of an earlier run",
            )),
        }
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Verbosity {
    /// Warnings and errors.
    Quiet,
    /// The log and the progress.
    #[default]
    Normal,
    /// Each page, device and retry as well.
    Verbose,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people
    #[default]
    Text,
    /// A JSON object
    Json,
}

/// How much is said on stderr, and in which colours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// When to use colour; `auto` is on a terminal, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub(crate) color: Color,
    #[command(flatten)]
    pub(crate) verbosity: Verbosity,
    /// How each line of the log is written, on stderr and in `--log-file`
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
    /// Also append the log to this file, with its notes even if `--quiet` keeps them from stderr
    #[arg(long, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
}

/// What a report shows, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub(crate) struct ReportOptions {
    /// What stdout gets
    #[arg(
        long = "output",
        short = 'o',
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        help_heading = "Output"
    )]
    pub(crate) format: ReportFormat,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

impl Args for Verbosity {
    fn augment_args(command: Command) -> Command {
        let flag = |name, short| {
            Arg::new(name)
                .long(name)
                .short(short)
                .action(ArgAction::SetTrue)
        };
        command
            .arg(
                flag("quiet", 'q')
                    .help("No log and no progress on stderr, only warnings and errors"),
            )
            .arg(flag("verbose", 'v').help("Also log each page, each device and each retry"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Verbosity {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        match (matches.get_flag("quiet"), matches.get_flag("verbose")) {
            (true, true) => Err(error_of(Advice::new(
                "`--quiet` and `--verbose` are not allowed together",
                "leave `--quiet` or `--verbose` out",
            ))),
            (true, false) => Ok(Self::Quiet),
            (false, true) => Ok(Self::Verbose),
            (false, false) => Ok(Self::Normal),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
