//! What is shown, and how: the format of stdout, colour, and how much goes to stderr.

use clap::{Args, ValueEnum};
use intune_sync_settings::Advice;

/// What stdout gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// A summary for people
    #[default]
    Text,
    /// One JSON object at the end
    Json,
    /// A JSON object for each event, one a line, and the summary last
    Jsonl,
}

/// What stdout gets of an audit or a rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A report for people
    #[default]
    Text,
    /// One JSON object
    Json,
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

/// What is shown, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OutputOptions {
    /// What stdout gets.
    pub(crate) format: Format,
    /// When to use colour.
    pub(crate) color: Color,
    /// How much is said on stderr.
    pub(crate) verbosity: Verbosity,
}

/// What is shown. Data goes to stdout, everything else to stderr.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct OutputArgs {
    /// What stdout gets
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(in crate::cli) output: Format,
    #[command(flatten)]
    pub(in crate::cli) terminal: TerminalArgs,
}

/// What is written where, by the commands that report once.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct ReportArgs {
    /// What stdout gets
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(in crate::cli) output: ReportFormat,
    #[command(flatten)]
    pub(in crate::cli) terminal: TerminalArgs,
}

/// How much is said on stderr, and in which colours.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct TerminalArgs {
    /// When to use colour; `auto` is on a terminal, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub(in crate::cli) color: Color,
    /// No log and no progress on stderr, only warnings and errors
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    /// Also log each page, each device and each retry
    #[arg(long, short)]
    pub(in crate::cli) verbose: bool,
}

impl TryFrom<OutputArgs> for OutputOptions {
    type Error = Advice;

    fn try_from(args: OutputArgs) -> Result<Self, Advice> {
        Ok(Self {
            format: args.output,
            ..args.terminal.try_into()?
        })
    }
}

impl TryFrom<TerminalArgs> for OutputOptions {
    type Error = Advice;

    fn try_from(args: TerminalArgs) -> Result<Self, Advice> {
        let verbosity = match (args.quiet, args.verbose) {
            (true, true) => {
                return Err(Advice::new(
                    "`--quiet` and `--verbose` are not allowed together",
                    "leave `--quiet` or `--verbose` out",
                ));
            }
            (true, false) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        Ok(Self {
            format: Format::Text,
            color: args.color,
            verbosity,
        })
    }
}
