use core::time::Duration;

/// How much may be tried again, over the whole run and counted in HTTP requests: a bucket of [`RetryBudget::SIZE`]
/// that each failed request takes one from and each successful one refills by a fifth. Throttled answers are free.
///
/// An empty bucket alone ends nothing: it ends the run when nothing has succeeded for [`RetryBudget::PATIENCE`]
/// either, although it was tried [`RetryBudget::IN_A_ROW`] times: where the last devices of a batch wait for a minute
/// before they are tried again, a time without success says nothing. So a Graph that fails often is worked with, and
/// one that is down is not hammered.
#[derive(Debug, Clone)]
pub(crate) struct RetryBudget {
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

    pub(crate) fn new() -> Self {
        Self {
            fifths: Self::SIZE * Self::FIFTHS,
            last_success: Duration::ZERO,
            failures: 0,
        }
    }

    /// A request was answered with what was asked for.
    pub(crate) fn succeeded(&mut self, now: Duration) {
        self.fifths = (self.fifths + 1).min(Self::SIZE * Self::FIFTHS);
        self.last_success = now;
        self.failures = 0;
    }

    /// A request failed in a way that calls for another.
    pub(crate) fn failed(&mut self) {
        self.fifths = self.fifths.saturating_sub(Self::FIFTHS);
        self.failures = self.failures.saturating_add(1);
    }

    /// Whether to give up for now.
    pub(crate) fn exhausted(&self, now: Duration) -> bool {
        self.fifths < Self::FIFTHS
            && self.failures >= Self::IN_A_ROW
            && now.saturating_sub(self.last_success) >= Self::PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_only_when_empty_and_without_success_for_half_a_minute() {
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
    fn a_time_in_which_next_to_nothing_was_tried_ends_nothing() {
        let mut budget = RetryBudget::new();
        (0..200).for_each(|_| budget.failed());
        budget.succeeded(Duration::from_secs(10));
        (0..9).for_each(|_| budget.failed());
        assert!(!budget.exhausted(Duration::from_mins(10)));
        budget.failed();
        assert!(budget.exhausted(Duration::from_mins(10)));
    }
}
