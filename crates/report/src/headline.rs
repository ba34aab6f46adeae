//! The outcome of a run in one sentence, as pages and messages say it: without a capital and a full stop.

use crate::Outcome;

/// The counts that the sentence has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Devices that the selection matched.
    pub total: u64,
    /// Devices whose sync was accepted.
    pub success: u64,
    /// Devices that failed.
    pub error: u64,
    /// Devices that no longer exist.
    pub gone: u64,
    /// Devices that were not reached.
    pub pending: u64,
}

/// The sentence. `why` is the reason of an early end; empty if none is known.
#[must_use]
pub fn headline(outcome: Outcome, figures: &Figures, why: &str) -> String {
    let Figures {
        total,
        success,
        error,
        gone,
        ..
    } = *figures;
    match outcome {
        Outcome::Completed if total == 0 => {
            "the run finished, and its selection matched no device".to_owned()
        }
        Outcome::Completed if success == 0 => {
            let all = devices(total);
            format!("the run finished, and none of {all} could be synced")
        }
        Outcome::Completed => {
            let gone = match gone {
                0 => String::new(),
                gone => format!("; {} no longer exist", grouped(gone)),
            };
            let accepted = devices(success);
            format!("the run finished, and a sync of {accepted} was accepted{gone}")
        }
        Outcome::CompletedWithErrors => {
            let (failed, all) = (grouped(error), devices(total));
            format!("the run finished, and the sync of {failed} of {all} failed")
        }
        Outcome::Stopped => early("the run was stopped early", figures, why),
        Outcome::Interrupted => early("the run gave up early", figures, why),
        Outcome::NotAuthorized => early("the run was not authorized", figures, why),
        Outcome::Failed => early("the run failed", figures, why),
    }
}

/// The sentence about a run that ended before its work was done, in this way.
#[must_use]
pub fn early(what: &str, figures: &Figures, why: &str) -> String {
    let why = match why {
        "" => String::new(),
        why => format!(": {why}"),
    };
    let left = match figures.pending {
        0 => String::new(),
        pending => format!(
            "; {} of {} were not reached",
            grouped(pending),
            devices(figures.total)
        ),
    };
    format!("{what}{why}{left}")
}

/// `1 device`, `12,345 devices`.
#[must_use]
pub fn devices(count: u64) -> String {
    match count {
        1 => "1 device".to_owned(),
        _ => format!("{} devices", grouped(count)),
    }
}

/// A count with its thousands apart: `12,345`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (count, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (50_000, "50,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(count), expected);
        }
        assert_eq!(devices(1), "1 device");
    }

    #[test]
    fn each_outcome_is_one_sentence() {
        let of = |outcome, (total, success, error, gone, pending), why| {
            let figures = Figures {
                total,
                success,
                error,
                gone,
                pending,
            };
            headline(outcome, &figures, why)
        };
        for (outcome, figures, why, expected) in [
            (
                Outcome::Completed,
                (2_000, 2_000, 0, 0, 0),
                "",
                "the run finished, and a sync of 2,000 devices was accepted",
            ),
            (
                Outcome::Completed,
                (3, 1, 0, 2, 0),
                "",
                "the run finished, and a sync of 1 device was accepted; 2 no longer exist",
            ),
            (
                Outcome::Completed,
                (5, 0, 0, 0, 0),
                "",
                "the run finished, and none of 5 devices could be synced",
            ),
            (
                Outcome::CompletedWithErrors,
                (10, 7, 3, 0, 0),
                "",
                "the run finished, and the sync of 3 of 10 devices failed",
            ),
            (
                Outcome::Interrupted,
                (10, 1, 0, 0, 9),
                "Graph asks to wait",
                "the run gave up early: Graph asks to wait; 9 of 10 devices were not reached",
            ),
        ] {
            assert_eq!(of(outcome, figures, why), expected);
        }
    }
}
