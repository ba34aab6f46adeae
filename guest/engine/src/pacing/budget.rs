use core::time::Duration;

/// How much may be tried again, over the whole run and counted in HTTP requests: a bucket of [`RetryBudget::SIZE`]
/// that each failed request takes one from and each successful one refills by a fifth. Throttled answers are free.
///
/// An empty bucket alone ends nothing: it ends the run when nothing has succeeded for [`RetryBudget::PATIENCE`]
/// either. So a Graph that fails often is worked with, and one that is down is not hammered.
#[derive(Debug, Clone)]
pub(crate) struct RetryBudget {
    /// In fifths of a request, to count in whole numbers.
    fifths: u32,
    last_success: Duration,
}

impl RetryBudget {
    const SIZE: u32 = 100;
    const PATIENCE: Duration = Duration::from_secs(30);
    const FIFTHS: u32 = 5;

    pub(crate) fn new() -> Self {
        Self {
            fifths: Self::SIZE * Self::FIFTHS,
            last_success: Duration::ZERO,
        }
    }

    /// A request was answered with what was asked for.
    pub(crate) fn succeeded(&mut self, now: Duration) {
        self.fifths = (self.fifths + 1).min(Self::SIZE * Self::FIFTHS);
        self.last_success = now;
    }

    /// A request failed in a way that calls for another.
    pub(crate) fn failed(&mut self) {
        self.fifths = self.fifths.saturating_sub(Self::FIFTHS);
    }

    /// Whether to give up for now.
    pub(crate) fn exhausted(&self, now: Duration) -> bool {
        self.fifths < Self::FIFTHS && now.saturating_sub(self.last_success) >= Self::PATIENCE
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
}
