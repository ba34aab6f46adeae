//! `audit`: its flags, and what they mean.

use std::path::PathBuf;

use clap::Args;

use super::groups::output::ReportFormat;

/// What each exit code means.
pub(super) const EXIT_CODES: &str = "Examples:
  intune-sync audit
  intune-sync audit other.wasm -o json

Exit codes:
  0    the component asks for nothing beyond the promised list
  1    it asks for more, as a standalone component does, or cannot run here
  2    wrong usage, an unreadable file, or one that is not a component";

/// `audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditOptions {
    /// The component to look at, instead of the built-in one
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Look at what sends messages about runs, instead of the engine: another sandbox, with another gate
    #[arg(long, conflicts_with = "policy", help_heading = "Job")]
    pub(crate) notifier: bool,
    /// Print what any component is allowed here as a policy file, in the form of Wassette's
    #[arg(long, conflicts_with_all = ["file", "format"], help_heading = "Output")]
    pub(crate) policy: bool,
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
}
