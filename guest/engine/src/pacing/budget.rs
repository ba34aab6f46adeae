//! The retry budget: when a run gives up on a Graph that fails.

use core::time::Duration;

use intune_sync_graph::OUTAGE_FAILURES;

/// How many failures a whole run tolerates, counted in HTTP requests: a bucket of [`RetryBudget::SIZE`]. A failed
/// request takes one from it, a successful one puts a fifth back, and throttled responses are free.
///
/// An empty bucket, [`OUTAGE_FAILURES`] failures and [`RetryBudget::GAP`] without a success are an outage: one
/// request at a time leaves, and devices are not blamed for what fails. Where the last devices of a batch wait a minute
/// before their next attempt, a gap alone proves nothing. It ends with the first success, or, once nothing has
/// succeeded for as long as `give-up-after` says, with the run. So a Graph that fails often is still used, and one that
/// is down is not hammered.
#[derive(Debug, Clone)]
pub(super) struct RetryBudget {
    /// In fifths of a request, to count in whole numbers.
    fifths: u32,
    last_success: Duration,
    /// Since the last success.
    failures: u32,
    patience: Duration,
    is_outage: bool,
}

impl RetryBudget {
    const SIZE: u32 = 100;
    const GAP: Duration = Duration::from_secs(30);
    const FIFTHS: u32 = 5;

    pub(super) fn new(patience: Duration) -> Self {
        Self {
            fifths: Self::SIZE * Self::FIFTHS,
            last_success: Duration::ZERO,
            failures: 0,
            patience,
            is_outage: false,
        }
    }

    /// A request succeeded.
    pub(super) fn succeeded(&mut self, now: Duration) {
        self.fifths = (self.fifths + 1).min(Self::SIZE * Self::FIFTHS);
        self.last_success = now;
        self.failures = 0;
        self.is_outage = false;
    }

    /// A request failed in a way that calls for another.
    pub(super) fn failed(&mut self, now: Duration) {
        self.fifths = self.fifths.saturating_sub(Self::FIFTHS);
        self.failures = self.failures.saturating_add(1);
        self.is_outage |= self.fifths < Self::FIFTHS
            && self.failures >= OUTAGE_FAILURES
            && self.behind(now) >= Self::GAP;
    }

    /// Whether Graph is taken to be down.
    pub(super) fn is_outage(&self) -> bool {
        self.is_outage
    }

    /// For how long nothing has succeeded, if that is reason to give up for now.
    pub(super) fn exhausted(&self, now: Duration) -> Option<Duration> {
        let behind = self.behind(now);
        (self.is_outage && behind >= self.patience).then_some(behind)
    }

    fn behind(&self, now: Duration) -> Duration {
        now.saturating_sub(self.last_success)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn is_exhausted_only_when_empty_and_without_success_for_as_long_as_it_takes() {
        let mut budget = RetryBudget::new(PATIENCE);
        budget.succeeded(10 * SECOND);
        (0..100).for_each(|_| budget.failed(39 * SECOND));
        assert!(!budget.is_outage(), "a success 29 s ago");
        budget.failed(40 * SECOND);
        assert!(budget.is_outage());
        assert_eq!(budget.exhausted(69 * SECOND), None);
        assert_eq!(budget.exhausted(70 * SECOND), Some(PATIENCE));
        budget.succeeded(70 * SECOND);
        assert!(!budget.is_outage());
        assert_eq!(budget.exhausted(Duration::from_hours(1)), None);
    }

    #[test]
    fn failures_that_the_budget_covers_are_no_outage() {
        let mut budget = RetryBudget::new(PATIENCE);
        (0..99).for_each(|_| budget.failed(Duration::from_hours(1)));
        assert!(!budget.is_outage(), "one is left");
    }

    #[test]
    fn a_gap_with_few_attempts_does_not_exhaust_it() {
        let mut budget = RetryBudget::new(PATIENCE);
        (0..200).for_each(|_| budget.failed(SECOND));
        budget.succeeded(10 * SECOND);
        (0..9).for_each(|_| budget.failed(Duration::from_mins(10)));
        assert_eq!(budget.exhausted(Duration::from_mins(10)), None);
        budget.failed(Duration::from_mins(10));
        assert!(budget.exhausted(Duration::from_mins(10)).is_some());
    }
}
