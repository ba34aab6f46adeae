//! The outcome of a run, in one sentence.

use intune_sync_history::{Run, Totals};
use intune_sync_report::{Figures, Outcome, early, headline, one_line};

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
    let figures = Figures {
        total: totals.total,
        success: totals.success,
        error: totals.error,
        gone: totals.gone,
        pending: totals.pending,
    };
    let why = run.problem.as_deref().map(one_line).unwrap_or_default();
    let word = run.outcome.as_deref();
    let outcome = word.and_then(Outcome::of_word);
    let sentence = match (word, outcome) {
        (_, Some(outcome)) => headline(outcome, &figures, &why),
        (Some("killed"), _) => early("the run was killed before it could end", &figures, ""),
        (Some(_), None) => headline(Outcome::Failed, &figures, &why),
        (None, _) => early(
            "the run has not ended: it is under way, or was killed",
            &figures,
            "",
        ),
    };
    let tone = match (word, outcome) {
        (_, Some(Outcome::Completed)) if totals.success > 0 => Tone::Good,
        (None, _) => Tone::Mixed,
        (_, Some(Outcome::NotAuthorized | Outcome::Failed) | None) => Tone::Bad,
        (_, Some(_)) => Tone::Mixed,
    };
    let mut letters = sentence.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let sentence = first.into_iter().chain(letters).chain(['.']).collect();
    (tone, sentence)
}
