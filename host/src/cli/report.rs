//! `report`: its flags, and what they mean.

use std::path::PathBuf;

use clap::Args;

use super::groups::history::StateDirArgs;

/// What each exit code means.
pub(super) const EXIT_CODES: &str = "Examples:
  intune-sync report                      the page of the latest run
  intune-sync report RUN --out run.html   that of another one

Exit codes:
  0    it was written
  1    it was not
  2    wrong usage, or there is no such run";

/// `report`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageOptions {
    /// The directory of the history, instead of the system's.
    pub(crate) state_dir: Option<PathBuf>,
    /// The run, instead of the latest one.
    pub(crate) run: Option<String>,
    /// The file, instead of one with the run's name.
    pub(crate) out: Option<PathBuf>,
}

/// `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The run, by its id in the output: `20261126-041500-9c1f` [default: the latest]
    run: Option<String>,
    /// The file to write; `-` is stdout [default: `intune-sync-RUN.html` in this directory]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: StateDirArgs,
}

impl From<ReportArgs> for PageOptions {
    fn from(args: ReportArgs) -> Self {
        Self {
            state_dir: args.place.state_dir,
            run: args.run,
            out: args.out,
        }
    }
}
