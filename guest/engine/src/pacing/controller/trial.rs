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

    /// How many syncs may go beyond what is proven at once: one, and more once there clearly is room.
    pub(super) fn at_once(&self) -> u64 {
        1 + (self.proven - self.safe) / 8
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

    /// Whether more was admitted than a bucket can have saved up since it was empty, or can hold at all, even if a little
    /// more flows into it than is safe.
    fn is_more_than_saved(&self, now: Duration, total: u64) -> bool {
        let flow = u128::from(self.safe + self.safe / 16);
        let flowed = |since: Mark| flow * now.saturating_sub(since.at).as_millis();
        let admitted = |since: Mark| u128::from(total - since.total) * WINDOW.as_millis();
        let full = flow * WINDOW.as_millis();
        admitted(self.emptied) > flowed(self.emptied)
            || admitted(self.began) > flowed(self.began) + full
    }
}
