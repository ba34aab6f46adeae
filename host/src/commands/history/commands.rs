//! Commands on the history of a run, as they can be typed.

use intune_sync_history::StateDir;

use crate::{cli::NAME, printer::quoted};

/// A command that finds the history in the same place.
pub(in crate::commands) fn command(place: &StateDir, arguments: &str) -> String {
    match place.named() {
        Some(named) => {
            let named = quoted(&named.to_string_lossy());
            format!("{NAME} {arguments} --state-dir {named}")
        }
        None => format!("{NAME} {arguments}"),
    }
}

/// The command that resumes a run.
pub(in crate::commands) fn resume_command(place: &StateDir, run: &str) -> String {
    command(place, &format!("runs resume {run}"))
}
