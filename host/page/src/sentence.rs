//! The outcome of a run, in one sentence.

use intune_sync_history::{Run, Totals};
use intune_sync_report::one_line;

use crate::words::{devices, grouped};

/// How the page shows an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// All is well.
    Good,
    /// There is something to look at.
    Mixed,
    /// The run did not do its work.
    Bad,
}

impl Tone {
    /// The class of the style.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Mixed => "mixed",
            Self::Bad => "bad",
        }
    }
}

/// The sentence, and how it is shown.
pub(crate) fn of(run: &Run, totals: &Totals) -> (Tone, String) {
    let Totals {
        total,
        success,
        error,
        pending,
        ..
    } = *totals;
    let left = match pending {
        0 => String::new(),
        _ => format!(
            "; {} of {} were not reached",
            grouped(pending),
            devices(total)
        ),
    };
    let why = match run.problem.as_deref() {
        Some(problem) if !problem.is_empty() => format!(": {}", one_line(problem)),
        _ => String::new(),
    };
    match run.outcome.as_deref() {
        Some("completed") if total == 0 => (
            Tone::Mixed,
            "The run finished, and its selection matched no device.".to_owned(),
        ),
        Some("completed") if success == 0 => (
            Tone::Mixed,
            format!(
                "The run finished, and none of {} could be synced.",
                devices(total)
            ),
        ),
        Some("completed") => (
            Tone::Good,
            format!(
                "The run finished, and a sync of {} was accepted.",
                devices(success)
            ),
        ),
        Some("completed-with-errors") => (
            Tone::Mixed,
            format!(
                "The run finished, and the sync of {} of {} failed.",
                grouped(error),
                devices(total)
            ),
        ),
        Some("stopped") => (Tone::Mixed, format!("The run was stopped early{left}.")),
        Some("interrupted") => (Tone::Mixed, format!("The run gave up early{why}{left}.")),
        Some("not-authorized") => (Tone::Bad, format!("The run was not authorized{why}{left}.")),
        Some("killed") => (
            Tone::Bad,
            format!("The run was killed before it could end{left}."),
        ),
        Some(_) => (Tone::Bad, format!("The run failed{why}{left}.")),
        None => (
            Tone::Mixed,
            format!("The run has not ended: it is under way, or was killed{left}."),
        ),
    }
}
