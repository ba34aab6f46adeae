use core::time::Duration;

use super::{exponential, upper_half};
use crate::http::RequestId;

/// One gate for everything that is sent.
///
/// The first throttled answer closes it until its Retry-After is over: the quota is one for the whole app, and calls
/// made early are counted against it. Then one request goes out as a probe; the gate opens when it is not throttled.
#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    gate: Gate,
    /// Closings since something last succeeded.
    in_a_row: u32,
    last_success: Duration,
    first_wait: Duration,
}

#[derive(Debug, Clone)]
enum Gate {
    Open,
    Closed {
        until: Duration,
    },
    /// The probe is out.
    HalfOpen {
        probe: RequestId,
    },
}

/// Why waiting any longer makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// Graph named a time that is this far away.
    TooLong(Duration),
    /// Nothing but throttled answers, for this long.
    NoSuccess(Duration),
}

impl Throttle {
    /// A run does not sit out a Retry-After longer than this.
    const LONGEST: Duration = Duration::from_hours(1);
    /// Nothing but throttled answers for so long, and so often, ends the run.
    const PATIENCE: Duration = Duration::from_mins(10);
    const PATIENCE_CLOSINGS: u32 = 20;
    /// The least wait where Graph names none.
    const FIRST_WAIT_MIN: Duration = Duration::from_millis(100);

    pub(crate) fn new(initial_backoff: Duration) -> Self {
        Self {
            gate: Gate::Open,
            in_a_row: 0,
            last_success: Duration::ZERO,
            first_wait: initial_backoff.max(Self::FIRST_WAIT_MIN),
        }
    }

    /// A throttled answer came, naming this time or none. Answers how long everything waits from now.
    pub(crate) fn close(
        &mut self,
        now: Duration,
        named: Option<Duration>,
        random: &mut fastrand::Rng,
    ) -> Duration {
        let standing = match self.gate {
            Gate::Closed { until } => Some(until),
            Gate::Open | Gate::HalfOpen { .. } => None,
        };
        let until = match (named, standing) {
            (Some(wait), _) => now + wait,
            // Answers to what was in flight when the gate closed say nothing new.
            (None, Some(until)) => until,
            (None, None) => now + upper_half(exponential(self.first_wait, self.in_a_row), random),
        };
        if standing.is_none() {
            self.in_a_row += 1;
        }
        let until = standing.map_or(until, |standing| standing.max(until));
        self.gate = Gate::Closed { until };
        until.saturating_sub(now)
    }

    /// When the next request may leave; none while that depends on the probe's answer.
    pub(crate) fn free_at(&self) -> Option<Duration> {
        match self.gate {
            Gate::Open => Some(Duration::ZERO),
            Gate::Closed { until } => Some(until),
            Gate::HalfOpen { .. } => None,
        }
    }

    /// A request leaves: the first one after a closing is the probe.
    pub(crate) fn sent(&mut self, id: RequestId) {
        if let Gate::Closed { .. } = self.gate {
            self.gate = Gate::HalfOpen { probe: id };
        }
    }

    /// A request was answered, or failed, without being throttled. True when that opens the gate.
    pub(crate) fn passed(&mut self, id: RequestId) -> bool {
        let opens = matches!(self.gate, Gate::HalfOpen { probe } if probe == id);
        if opens {
            self.gate = Gate::Open;
        }
        opens
    }

    /// Something succeeded.
    pub(crate) fn succeeded(&mut self, now: Duration) {
        self.in_a_row = 0;
        self.last_success = now;
    }

    /// Whether to give up for now.
    pub(crate) fn gave_up(&self, now: Duration) -> Option<GaveUp> {
        let Gate::Closed { until } = self.gate else {
            return None;
        };
        let ahead = until.saturating_sub(now);
        let behind = now.saturating_sub(self.last_success);
        if ahead > Self::LONGEST {
            Some(GaveUp::TooLong(ahead))
        } else if self.in_a_row >= Self::PATIENCE_CLOSINGS && behind >= Self::PATIENCE {
            Some(GaveUp::NoSuccess(behind))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn throttle() -> (Throttle, fastrand::Rng) {
        (Throttle::new(5 * SECOND), fastrand::Rng::with_seed(3))
    }

    #[test]
    fn the_longest_named_time_holds() {
        let (mut throttle, mut random) = throttle();
        assert_eq!(
            throttle.close(SECOND, Some(9 * SECOND), &mut random),
            9 * SECOND
        );
        assert_eq!(
            throttle.close(2 * SECOND, Some(3 * SECOND), &mut random),
            8 * SECOND
        );
        assert_eq!(throttle.close(2 * SECOND, None, &mut random), 8 * SECOND);
        assert_eq!(
            throttle.close(2 * SECOND, Some(30 * SECOND), &mut random),
            30 * SECOND
        );
        assert_eq!(throttle.free_at(), Some(32 * SECOND));
    }

    #[test]
    fn one_probe_goes_first_and_its_answer_opens_or_closes() {
        let (mut throttle, mut random) = throttle();
        throttle.close(SECOND, Some(SECOND), &mut random);
        throttle.sent(RequestId(7));
        assert_eq!(throttle.free_at(), None);
        throttle.passed(RequestId(6));
        assert_eq!(
            throttle.free_at(),
            None,
            "an answer to an older request decides nothing"
        );
        throttle.close(3 * SECOND, Some(SECOND), &mut random);
        assert_eq!(throttle.free_at(), Some(4 * SECOND));
        throttle.sent(RequestId(8));
        throttle.passed(RequestId(8));
        assert_eq!(throttle.free_at(), Some(Duration::ZERO));
    }

    #[test]
    fn without_a_named_time_waits_double_until_something_succeeds() {
        let (mut throttle, mut random) = throttle();
        let mut wait = |throttle: &mut Throttle| {
            let wait = throttle.close(SECOND, None, &mut random);
            throttle.sent(RequestId(0));
            wait
        };
        for most in [5, 10, 20, 40, 60, 60] {
            let wait = wait(&mut throttle);
            assert!(
                wait >= most * SECOND / 2 && wait <= most * SECOND,
                "{wait:?} of {most} s"
            );
        }
        throttle.succeeded(SECOND);
        assert!(wait(&mut throttle) <= 5 * SECOND);
    }

    #[test]
    fn gives_up_on_a_time_too_far_away_and_on_throttling_without_end() {
        let (mut throttle, mut random) = throttle();
        throttle.close(SECOND, Some(Duration::from_hours(2)), &mut random);
        assert_eq!(
            throttle.gave_up(SECOND),
            Some(GaveUp::TooLong(Duration::from_hours(2)))
        );
        let (mut throttle, mut random) = (Throttle::new(SECOND), random);
        for n in 0..20 {
            assert_eq!(throttle.gave_up(n * 40 * SECOND), None);
            throttle.close(n * 40 * SECOND, Some(SECOND), &mut random);
            throttle.sent(RequestId(0));
        }
        throttle.close(800 * SECOND, Some(SECOND), &mut random);
        assert_eq!(
            throttle.gave_up(800 * SECOND),
            Some(GaveUp::NoSuccess(800 * SECOND))
        );
    }
}
