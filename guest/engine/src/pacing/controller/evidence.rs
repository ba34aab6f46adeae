//! What throttle windows show: the limit of a server that counts windows, and the flow of a bucket.

use core::time::Duration;

use super::{RateController, WINDOW};

/// A throttle window: from the first throttled response until a request is admitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Throttled {
    /// Its first refusal.
    pub(super) began: Mark,
    /// The last moment at which a request is known to be refused.
    pub(super) refused_at: Duration,
    /// Whether a response has named a time.
    pub(super) named: bool,
    /// Whether a request was refused that left after the first refusal was known: a probe.
    pub(super) probed: bool,
    /// The syncs of the first request that was refused: the limit may be higher than what was admitted by up to this.
    pub(super) in_doubt: u64,
}

/// A point in time, and all syncs that were charged by then. It is at a refusal, when a bucket is empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) at: Duration,
    pub(super) total: u64,
}

impl Throttled {
    pub(super) fn new(began: Mark, in_doubt: u32) -> Self {
        Self {
            began,
            refused_at: began.at,
            named: false,
            probed: false,
            in_doubt: in_doubt.into(),
        }
    }

    /// A request that left at `sent_at` is refused, for as long as the response names.
    pub(super) fn refused(&mut self, now: Duration, sent_at: Duration, wait: Option<Duration>) {
        // Waits are named in whole seconds, rounded up.
        let rounding = Duration::from_secs(1);
        let named = wait.unwrap_or_default().saturating_sub(rounding);
        self.refused_at = self.refused_at.max(now + named);
        self.named |= wait.is_some();
        self.probed |= sent_at > self.began.at;
    }

    /// Something always flows into a bucket, so that it admits the first probe. If no time is named and a probe was
    /// refused, a window was full, and nobody knows since when it no longer is.
    pub(super) fn may_be_bucket(&self) -> bool {
        self.named || !self.probed
    }
}

impl RateController {
    /// The least and the most that a limiter that counts windows would admit. A single throttle window never takes away
    /// more than half, in case it has another cause.
    pub(super) fn window(&self, now: Duration, throttled: Throttled, before: u64) -> (u64, u64) {
        let (low, high) = self.bounds(before);
        let least = self.last_window(now).clamp(low, high);
        let refused_at = throttled.refused_at.min(now).saturating_sub(WINDOW);
        let most = self
            .admitted
            .after(refused_at)
            .saturating_sub(1)
            .clamp(least, high);
        (least, most)
    }

    /// The allowance at which a bucket that was empty at `since` and is empty again `here` fills up: a little less than
    /// what flows into it.
    pub(super) fn flow(&self, since: Mark, here: Mark, before: u64) -> u64 {
        // It has saved up for what arrives early, so the allowance may leave in no more than the time it is meant for.
        self.flow_in(self.pacer.span(), since, here, before)
    }

    fn flow_in(&self, span: Duration, since: Mark, here: Mark, before: u64) -> u64 {
        let time = here.at.saturating_sub(since.at).as_millis().max(1);
        let admitted = u128::from(here.total.saturating_sub(since.total));
        let flow = u64::try_from(admitted * span.as_millis() / time).unwrap_or(u64::MAX);
        let (low, high) = self.bounds(before);
        (flow - flow / 64).clamp(low, high)
    }

    /// The least and the most to which one throttle window reduces an allowance. The least is half, and never below a
    /// twentieth of the ceiling: a run that is throttled even then is not throttled for its rate.
    pub(super) fn bounds(&self, before: u64) -> (u64, u64) {
        let least = (self.pacer.ceiling() / 20).max(1);
        let low = (before / 2).max(least).min(before);
        (low, before.saturating_sub(1 + before / 64).max(low))
    }

    pub(super) fn mark(&self, at: Duration) -> Mark {
        let total = self.total;
        Mark { at, total }
    }

    /// The syncs admitted in the window that ended when the throttle reopened. The one that reopened it counts in the
    /// next window.
    fn last_window(&self, now: Duration) -> u64 {
        self.admitted
            .after(now.saturating_sub(WINDOW))
            .saturating_sub(1)
    }

    /// What flows in a window into a bucket that was empty at `dry` and is empty again `here`, if the server is one:
    /// then the last window has admitted what was saved up, which is more than what has flowed in since. A limiter that
    /// counts windows admits the same in each.
    pub(super) fn bucket(&mut self, here: Mark, dry: Mark, before: u64) -> Option<u64> {
        let flow = self.flow_in(WINDOW, dry, here, before);
        if self.last_window(here.at) <= flow + flow / 16 {
            return None;
        }
        self.saves_up = true;
        // It was empty before the last trial, too, and a longer time gives a better estimate.
        let since = self.before_trial.take().unwrap_or(dry);
        Some(self.flow(since, here, before))
    }
}
