//! A trial: looks for a higher limit, one request at a time.

use core::time::Duration;

use super::{Mark, SPAN, WINDOW};
use crate::http::RequestId;

/// Finds out, step by step, whether more than the safe allowance is admitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial {
    /// The allowance before.
    pub(super) safe: u64,
    /// The most that was admitted in a window, at least `safe`.
    pub(super) proven: u64,
    /// `proven` when this step began.
    floor: u64,
    /// The end of the last throttle window before the trial.
    pub(super) emptied: Mark,
    /// Its beginning.
    began: Mark,
    /// How much more is tried now.
    pub(super) step: Step,
    pub(super) until: Duration,
    /// The one request in flight that goes beyond what is proven.
    pub(super) beyond: Option<Beyond>,
}

/// How much more a trial looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A 32nd more than is proven, for two windows: if the server counts in fixed windows, one lies within.
    Look,
    /// A quarter more than is safe, if the tenant saves up, until more was admitted than it can have saved.
    Drain,
    /// A quarter more than is proven.
    Walk,
    /// Twice what is proven.
    Run,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Beyond {
    id: RequestId,
    /// The count in a window that it proves if it is admitted.
    proves: u64,
    /// Nothing else leaves before its response, or before this.
    pub(super) alone_until: Duration,
}

impl Trial {
    /// While it is doubtful whether there is more, a request beyond what is proven has its response before another
    /// leaves: those in flight would be refused with it. The next one waits no longer than this.
    const ALONE: Duration = Duration::from_secs(1);

    /// A trial that begins now.
    pub(super) fn new(safe: u64, emptied: Mark, now: Mark, saves_up: bool) -> Self {
        Self {
            safe,
            proven: safe,
            floor: safe,
            emptied,
            began: now,
            step: Step::Look,
            until: now.at,
            beyond: None,
        }
        .goes_on(now.at, if saves_up { Step::Drain } else { Step::Look })
    }

    /// The trial with its next step.
    pub(super) fn goes_on(self, now: Duration, step: Step) -> Self {
        let windows = match step {
            Step::Look => 2,
            Step::Drain | Step::Walk | Step::Run => 1,
        };
        Self {
            floor: self.proven,
            step,
            until: now + SPAN * windows,
            ..self
        }
    }

    /// The allowance in this step.
    pub(super) fn allowance(&self) -> u64 {
        match self.step {
            Step::Look => self.proven + self.proven / 32 + 1,
            Step::Drain => self.safe + self.safe / 4 + 1,
            Step::Walk => self.proven + self.proven / 4 + 1,
            Step::Run => 2 * self.proven,
        }
    }

    /// A request leaves that probes whether a window admits more than is proven.
    pub(super) fn probes(&mut self, now: Duration, id: RequestId, proves: u64) {
        let alone = match self.step {
            Step::Look | Step::Drain => Self::ALONE,
            Step::Walk | Step::Run => Duration::ZERO,
        };
        self.beyond = Some(Beyond {
            id,
            proves,
            alone_until: now + alone,
        });
    }

    /// A response has come; `admitted` if the whole request was.
    pub(super) fn handle_response(&mut self, id: RequestId, admitted: bool) {
        if let Some(beyond) = self.beyond.take_if(|beyond| beyond.id == id)
            && admitted
        {
            self.proven = self.proven.max(beyond.proves);
        }
    }

    /// The step after this one, in which nothing was refused; `None` if it has found nothing. `total` is the number of
    /// all syncs that were ever admitted.
    pub(super) fn next(&self, now: Duration, total: u64) -> Option<Step> {
        match self.step {
            Step::Drain if self.is_more_than_saved(now, total) => Some(Step::Walk),
            Step::Drain => Some(Step::Drain),
            Step::Look | Step::Walk | Step::Run if self.proven == self.floor => None,
            Step::Look => Some(Step::Walk),
            Step::Walk | Step::Run => Some(Step::Run),
        }
    }

    /// Whether more was admitted than a bucket can have saved up since it was empty, or can hold at all, even if a
    /// little more flows into it than is safe.
    fn is_more_than_saved(&self, now: Duration, total: u64) -> bool {
        let flow = u128::from(self.safe + self.safe / 16);
        let flowed = |since: Mark| flow * now.saturating_sub(since.at).as_millis();
        let admitted = |since: Mark| u128::from(total - since.total) * WINDOW.as_millis();
        let full = flow * WINDOW.as_millis();
        admitted(self.emptied) > flowed(self.emptied)
            || admitted(self.began) > flowed(self.began) + full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: u64, total: u64) -> Mark {
        let at = Duration::from_secs(at);
        Mark { at, total }
    }

    /// A trial that began at 100 s, after 5,600 syncs, of a tenant that was dry at 60 s, after 4,900.
    fn trial(step: Step) -> Trial {
        let began = mark(100, 5_600);
        Trial::new(320, mark(60, 4_900), began, false).goes_on(began.at, step)
    }

    #[test]
    fn each_step_looks_for_more_than_the_one_before() {
        let allowance = |step| {
            Trial {
                proven: 400,
                ..trial(step)
            }
            .allowance()
        };
        assert_eq!(allowance(Step::Look), 400 + 12 + 1);
        assert_eq!(allowance(Step::Drain), 320 + 80 + 1);
        assert_eq!(allowance(Step::Walk), 400 + 100 + 1);
        assert_eq!(allowance(Step::Run), 800);
    }

    #[test]
    fn a_step_lasts_a_window_and_the_first_one_two() {
        let now = Duration::from_secs(100);
        let found = Trial {
            proven: 330,
            ..trial(Step::Look)
        };
        for (step, windows) in [
            (Step::Look, 2),
            (Step::Drain, 1),
            (Step::Walk, 1),
            (Step::Run, 1),
        ] {
            let next = found.goes_on(now, step);
            assert_eq!((next.step, next.until), (step, now + windows * SPAN));
            assert_eq!((next.floor, next.proven), (330, 330));
        }
        let first = |saves_up| Trial::new(320, mark(60, 0), mark(100, 0), saves_up).step;
        assert_eq!((first(false), first(true)), (Step::Look, Step::Drain));
    }

    #[test]
    fn a_step_that_found_nothing_is_the_last() {
        let next = |step, proven| {
            let trial = Trial {
                proven,
                ..trial(step)
            };
            trial.next(Duration::from_secs(141), 6_000)
        };
        for step in [Step::Look, Step::Walk, Step::Run] {
            assert_eq!(next(step, 320), None);
        }
        assert_eq!(next(Step::Look, 321), Some(Step::Walk));
        assert_eq!(next(Step::Walk, 321), Some(Step::Run));
        assert_eq!(next(Step::Run, 321), Some(Step::Run));
        assert_eq!(next(Step::Drain, 320), Some(Step::Drain));
    }

    #[test]
    fn only_its_own_response_settles_a_probe() {
        let mut trial = trial(Step::Look);
        let now = Duration::from_secs(101);
        trial.probes(now, RequestId(7), 321);
        assert_eq!(
            trial.beyond.map(|beyond| beyond.alone_until),
            Some(Duration::from_secs(102))
        );
        trial.handle_response(RequestId(6), true);
        assert!(trial.beyond.is_some());
        trial.handle_response(RequestId(7), true);
        assert_eq!((trial.proven, trial.beyond.is_none()), (321, true));
        // Fewer prove nothing, and a refused one neither.
        trial.probes(now, RequestId(8), 300);
        trial.handle_response(RequestId(8), true);
        trial.probes(now, RequestId(9), 330);
        trial.handle_response(RequestId(9), false);
        assert_eq!((trial.proven, trial.beyond.is_none()), (321, true));
    }

    #[test]
    fn once_there_clearly_is_more_probes_are_not_alone() {
        let mut trial = trial(Step::Walk);
        let now = Duration::from_secs(101);
        trial.probes(now, RequestId(7), 400);
        assert_eq!(trial.beyond.map(|beyond| beyond.alone_until), Some(now));
    }

    /// At 320 syncs a window, 340 flow in: 17 a second.
    #[test]
    fn a_bucket_is_drained_once_more_was_admitted_than_it_can_have_saved() {
        let drained = |now, total| {
            let trial = trial(Step::Drain);
            trial.next(Duration::from_secs(now), total) == Some(Step::Walk)
        };
        // Since it was dry at 60 s, 1,700 have flowed in by 160 s.
        assert!(!drained(160, 4_900 + 1_700));
        assert!(drained(160, 4_900 + 1_701));
        // Since the trial began at 100 s, 1,700 have flowed in by 200 s, and 340 may have been saved up.
        let late_dry = |total| {
            let trial = Trial {
                emptied: mark(0, 0),
                began: mark(100, 400),
                ..trial(Step::Drain)
            };
            trial.next(Duration::from_secs(200), total) == Some(Step::Walk)
        };
        assert!(!late_dry(400 + 1_700 + 340));
        assert!(late_dry(400 + 1_700 + 341));
    }
}
