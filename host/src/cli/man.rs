//! `man`: which page, or where all of them go.

use std::path::PathBuf;

use clap::Args;

/// How a page is read, and where `man` looks for it.
pub(super) const INSTALL: &str = "Examples:
  intune-sync man | man -l -                          read the page of the program
  intune-sync man runs show | man -l -                read that of one command
  intune-sync man --dir /usr/local/share/man/man1     install all of them: `man intune-sync-sync`";

/// `man`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ManOptions {
    /// The command whose page is printed, such as `sync` or `runs show`, instead of the program's
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// Write the pages of all commands into this directory, which is made if it is missing
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub(crate) dir: Option<PathBuf>,
}
