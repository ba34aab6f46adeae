//! The retry budget: when a run gives up on a Graph that fails.

use core::time::Duration;

/// How many failures a whole run tolerates, counted in HTTP requests: a bucket of [`RetryBudget::SIZE`]. A failed
/// request takes one from it, a successful one puts a fifth back, and throttled responses are free.
///
/// An empty bucket does not end the run yet. It ends when, in addition, nothing has succeeded for
/// [`RetryBudget::PATIENCE`] despite [`RetryBudget::IN_A_ROW`] attempts: where the last devices of a batch wait a
/// minute before their next attempt, a gap without success proves nothing. So a Graph that fails often is still used,
/// and one that is down is not hammered.
#[derive(Debug, Clone)]
pub(super) struct RetryBudget {
    /// In fifths of a request, to count in whole numbers.
    fifths: u32,
    last_success: Duration,
    /// Since the last success.
    failures: u32,
}

impl RetryBudget {
    const SIZE: u32 = 100;
    const PATIENCE: Duration = Duration::from_secs(30);
    const IN_A_ROW: u32 = 10;
    const FIFTHS: u32 = 5;

    pub(super) fn new() -> Self {
        Self {
            fifths: Self::SIZE * Self::FIFTHS,
            last_success: Duration::ZERO,
            failures: 0,
        }
    }

    /// A request succeeded.
    pub(super) fn succeeded(&mut self, now: Duration) {
        self.fifths = (self.fifths + 1).min(Self::SIZE * Self::FIFTHS);
        self.last_success = now;
        self.failures = 0;
    }

    /// A request failed in a way that calls for another.
    pub(super) fn failed(&mut self) {
        self.fifths = self.fifths.saturating_sub(Self::FIFTHS);
        self.failures = self.failures.saturating_add(1);
    }

    /// Whether to give up for now.
    pub(super) fn exhausted(&self, now: Duration) -> bool {
        self.fifths < Self::FIFTHS
            && self.failures >= Self::IN_A_ROW
            && now.saturating_sub(self.last_success) >= Self::PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_exhausted_only_when_empty_and_without_success_for_half_a_minute() {
        let mut budget = RetryBudget::new();
        budget.succeeded(Duration::from_secs(10));
        (0..99).for_each(|_| budget.failed());
        assert!(!budget.exhausted(Duration::from_mins(10)), "one is left");
        budget.failed();
        assert!(
            !budget.exhausted(Duration::from_secs(39)),
            "a success 29 s ago"
        );
        assert!(budget.exhausted(Duration::from_secs(40)));
        (0..5).for_each(|_| budget.succeeded(Duration::from_secs(40)));
        assert!(
            !budget.exhausted(Duration::from_hours(1)),
            "five successes pay for one more"
        );
    }

    #[test]
    fn a_gap_with_few_attempts_does_not_exhaust_it() {
        let mut budget = RetryBudget::new();
        (0..200).for_each(|_| budget.failed());
        budget.succeeded(Duration::from_secs(10));
        (0..9).for_each(|_| budget.failed());
        assert!(!budget.exhausted(Duration::from_mins(10)));
        budget.failed();
        assert!(budget.exhausted(Duration::from_mins(10)));
    }
}
