use core::time::Duration;

use super::{Opening, SPAN, WINDOW};
use crate::http::RequestId;

/// Looks whether more is let through than what is safe, step by step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial {
    /// The allowance before.
    pub(super) safe: u64,
    /// The most that was let through in a window, at least `safe`.
    pub(super) proven: u64,
    /// `proven` as this step began.
    floor: u64,
    /// The end of the last closing before the trial.
    pub(super) emptied: Opening,
    /// Its beginning.
    began: Opening,
    /// How much more is tried now.
    pub(super) step: Step,
    pub(super) until: Duration,
    /// The one request that is under way beyond what is proven.
    pub(super) beyond: Option<Beyond>,
}

/// How much more a trial looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A 32nd more than is proven, for two windows: one of a server that counts in windows of the clock lies within.
    Look,
    /// A quarter more than is safe, from a tenant that saves up, until more has come than it can have saved.
    Drain,
    /// A quarter more than is proven.
    Walk,
    /// As much again.
    Run,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Beyond {
    id: RequestId,
    /// The count in a window that it proves when it passes.
    proves: u64,
    /// Nothing else leaves before it is answered, or before this.
    pub(super) alone_until: Duration,
}

impl Trial {
    /// While it is doubtful whether there is more, a request beyond what is proven is answered before another leaves:
    /// what is under way when one is refused would be refused with it. It is not waited for longer than this.
    const ALONE: Duration = Duration::from_secs(1);

    /// A trial that begins now.
    pub(super) fn new(safe: u64, emptied: Opening, now: Opening, saves_up: bool) -> Self {
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

    /// What may leave in a window in this step.
    pub(super) fn allowance(&self) -> u64 {
        match self.step {
            Step::Look => self.proven + self.proven / 32 + 1,
            Step::Drain => self.safe + self.safe / 4 + 1,
            Step::Walk => self.proven + self.proven / 4 + 1,
            Step::Run => 2 * self.proven,
        }
    }

    /// How many syncs may go beyond what is proven at once: one, and more once it is plain that there is room.
    pub(super) fn at_once(&self) -> u64 {
        1 + (self.proven - self.safe) / 8
    }

    /// A request leaves that makes more in a window than is proven.
    pub(super) fn ventures(&mut self, now: Duration, id: RequestId, proves: u64) {
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

    /// A request was answered; `passed` when all of it was let through.
    pub(super) fn answered(&mut self, id: RequestId, passed: bool) {
        if let Some(beyond) = self.beyond.take_if(|beyond| beyond.id == id)
            && passed
        {
            self.proven = self.proven.max(beyond.proves);
        }
    }

    /// The step after this one, which nothing has refused; none when it found nothing. `total` is all that was ever let
    /// through.
    pub(super) fn next(&self, now: Duration, total: u64) -> Option<Step> {
        match self.step {
            Step::Drain if self.is_more_than_saved(now, total) => Some(Step::Walk),
            Step::Drain => Some(Step::Drain),
            Step::Look | Step::Walk | Step::Run if self.proven == self.floor => None,
            Step::Look => Some(Step::Walk),
            Step::Walk | Step::Run => Some(Step::Run),
        }
    }

    /// Whether more was let through than a bucket can have saved up since it was empty, or holds at all, where a little
    /// more flows into it than is safe.
    fn is_more_than_saved(&self, now: Duration, total: u64) -> bool {
        let flow = u128::from(self.safe + self.safe / 16);
        let flowed = |since: Opening| flow * now.saturating_sub(since.at).as_millis();
        let passed = |since: Opening| u128::from(total - since.total) * WINDOW.as_millis();
        let full = flow * WINDOW.as_millis();
        passed(self.emptied) > flowed(self.emptied)
            || passed(self.began) > flowed(self.began) + full
    }
}
