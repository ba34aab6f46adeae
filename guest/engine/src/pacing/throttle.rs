//! The throttle: what a response that asks to wait does to everything that is sent.

use core::time::Duration;

use super::{GaveUp, exponential, upper_half};
use crate::http::RequestId;

/// One throttle for everything that is sent.
///
/// The first throttled response closes it until its Retry-After is over: the app has one quota for all of its calls,
/// and early calls count against it. Then one request leaves as a probe, and the throttle reopens when that is
/// admitted.
#[derive(Debug, Clone)]
pub(super) struct Throttle {
    state: State,
    /// Throttle windows since something last succeeded.
    in_a_row: u32,
    last_success: Duration,
    first_wait: Duration,
    /// Nothing but throttled responses for this long ends the run.
    patience: Duration,
}

#[derive(Debug, Clone)]
enum State {
    Open,
    Closed {
        until: Duration,
    },
    /// The probe is on the wire.
    HalfOpen {
        probe: RequestId,
    },
}

/// What is known of the limit when something is throttled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// Nothing: far too much may have been sent.
    Unknown,
    /// It has been learned, so that a few syncs too many were sent.
    Learned {
        /// When a server that counts our calls in a sliding window has room again. A probe before that is likely to be
        /// refused, and to count as well.
        room_at: Duration,
    },
}

/// Whether a response has reopened the throttle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reopened {
    Yes,
    No,
}

impl Throttle {
    /// A run does not sit out a Retry-After longer than this.
    const LONGEST: Duration = Duration::from_hours(1);
    /// It ends after this many windows, at least.
    const PATIENCE_WINDOWS: u32 = 20;
    /// The least wait where Graph names none.
    const FIRST_WAIT_MIN: Duration = Duration::from_millis(100);
    /// The most where Graph names none and the limit is known to within a few syncs: unless the last 20 s have shown
    /// otherwise, there is room for them in a second or two, and each further second is lost.
    const FIRST_WAIT_LEARNED: Duration = Duration::from_secs(2);

    pub(super) fn new(initial_backoff: Duration, patience: Duration) -> Self {
        Self {
            state: State::Open,
            in_a_row: 0,
            last_success: Duration::ZERO,
            first_wait: initial_backoff.max(Self::FIRST_WAIT_MIN),
            patience,
        }
    }

    /// A response asks to wait, with an optional `Retry-After`. Returns how long everything waits from now.
    pub(super) fn close(
        &mut self,
        now: Duration,
        named: Option<Duration>,
        limit: Limit,
        random: &mut fastrand::Rng,
    ) -> Duration {
        let already = match self.state {
            State::Closed { until } => Some(until),
            State::Open | State::HalfOpen { .. } => None,
        };
        let (first_wait, room_at) = match limit {
            Limit::Unknown => (self.first_wait, Duration::ZERO),
            Limit::Learned { room_at } => (self.first_wait.min(Self::FIRST_WAIT_LEARNED), room_at),
        };
        let until = match (named, already) {
            (Some(wait), _) => now + wait,
            // Responses to what was in flight when the throttle closed say nothing new.
            (None, Some(until)) => until,
            (None, None) => {
                let wait = upper_half(exponential(first_wait, self.in_a_row), random);
                room_at.max(now + wait)
            }
        };
        if already.is_none() {
            self.in_a_row += 1;
        }
        let until = already.map_or(until, |already| already.max(until));
        self.state = State::Closed { until };
        until.saturating_sub(now)
    }

    /// When the next request may leave; `None` while that depends on the response to the probe.
    pub(super) fn free_at(&self) -> Option<Duration> {
        match self.state {
            State::Open => Some(Duration::ZERO),
            State::Closed { until } => Some(until),
            State::HalfOpen { .. } => None,
        }
    }

    /// A request leaves. The first one after a throttle window is the probe.
    pub(super) fn sent(&mut self, id: RequestId) {
        if let State::Closed { .. } = self.state {
            self.state = State::HalfOpen { probe: id };
        }
    }

    /// A request was admitted, or failed in another way than by being throttled.
    pub(super) fn admitted(&mut self, id: RequestId) -> Reopened {
        match self.state {
            State::HalfOpen { probe } if probe == id => {
                self.state = State::Open;
                Reopened::Yes
            }
            State::Open | State::Closed { .. } | State::HalfOpen { .. } => Reopened::No,
        }
    }

    /// Something succeeded.
    pub(super) fn succeeded(&mut self, now: Duration) {
        self.in_a_row = 0;
        self.last_success = now;
    }

    /// Whether to give up for now.
    pub(super) fn gave_up(&self, now: Duration) -> Option<GaveUp> {
        let State::Closed { until } = self.state else {
            return None;
        };
        let ahead = until.saturating_sub(now);
        let behind = now.saturating_sub(self.last_success);
        if ahead > Self::LONGEST {
            Some(GaveUp::TooLong(ahead))
        } else if self.in_a_row >= Self::PATIENCE_WINDOWS && behind >= self.patience {
            Some(GaveUp::OnlyThrottled(behind))
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
        (
            Throttle::new(5 * SECOND, 600 * SECOND),
            fastrand::Rng::with_seed(3),
        )
    }

    #[test]
    fn the_longest_named_time_holds() {
        let (mut throttle, mut random) = throttle();
        assert_eq!(
            throttle.close(SECOND, Some(9 * SECOND), Limit::Unknown, &mut random),
            9 * SECOND
        );
        assert_eq!(
            throttle.close(2 * SECOND, Some(3 * SECOND), Limit::Unknown, &mut random),
            8 * SECOND
        );
        assert_eq!(
            throttle.close(2 * SECOND, None, Limit::Unknown, &mut random),
            8 * SECOND
        );
        assert_eq!(
            throttle.close(2 * SECOND, Some(30 * SECOND), Limit::Unknown, &mut random),
            30 * SECOND
        );
        assert_eq!(throttle.free_at(), Some(32 * SECOND));
    }

    #[test]
    fn one_probe_leaves_first_and_its_response_reopens_or_closes() {
        let (mut throttle, mut random) = throttle();
        throttle.close(SECOND, Some(SECOND), Limit::Unknown, &mut random);
        throttle.sent(RequestId(7));
        assert_eq!(throttle.free_at(), None);
        throttle.admitted(RequestId(6));
        assert_eq!(
            throttle.free_at(),
            None,
            "a response to an older request decides nothing"
        );
        throttle.close(3 * SECOND, Some(SECOND), Limit::Unknown, &mut random);
        assert_eq!(throttle.free_at(), Some(4 * SECOND));
        throttle.sent(RequestId(8));
        throttle.admitted(RequestId(8));
        assert_eq!(throttle.free_at(), Some(Duration::ZERO));
    }

    #[test]
    fn without_a_named_time_waits_double_until_something_succeeds() {
        let (mut throttle, mut random) = throttle();
        let mut wait = |throttle: &mut Throttle| {
            let wait = throttle.close(SECOND, None, Limit::Unknown, &mut random);
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
        throttle.close(
            SECOND,
            Some(Duration::from_hours(2)),
            Limit::Unknown,
            &mut random,
        );
        assert_eq!(
            throttle.gave_up(SECOND),
            Some(GaveUp::TooLong(Duration::from_hours(2)))
        );
        let (mut throttle, mut random) = (Throttle::new(SECOND, 600 * SECOND), random);
        for n in 0..20 {
            assert_eq!(throttle.gave_up(n * 40 * SECOND), None);
            throttle.close(n * 40 * SECOND, Some(SECOND), Limit::Unknown, &mut random);
            throttle.sent(RequestId(0));
        }
        throttle.close(800 * SECOND, Some(SECOND), Limit::Unknown, &mut random);
        assert_eq!(
            throttle.gave_up(800 * SECOND),
            Some(GaveUp::OnlyThrottled(800 * SECOND))
        );
    }

    #[test]
    fn near_a_learned_limit_the_first_wait_is_short_and_never_longer_than_chosen() {
        for (chosen, most) in [(5_000, 2_000), (600, 600)] {
            let mut throttle = Throttle::new(Duration::from_millis(chosen), 600 * SECOND);
            let mut random = fastrand::Rng::with_seed(3);
            for doublings in 0..3 {
                let wait = throttle.close(SECOND, None, learned(Duration::ZERO), &mut random);
                throttle.sent(RequestId(0));
                let most = Duration::from_millis(most << doublings);
                assert!(wait >= most / 2 && wait <= most, "{wait:?} of {most:?}");
            }
        }
    }

    #[test]
    fn near_a_learned_limit_nothing_leaves_before_there_is_room_unless_a_time_is_named() {
        let (mut throttle, mut random) = throttle();
        let room = learned(12 * SECOND);
        assert_eq!(throttle.close(SECOND, None, room, &mut random), 11 * SECOND);
        throttle.sent(RequestId(0));
        assert_eq!(
            throttle.close(
                13 * SECOND,
                Some(3 * SECOND),
                learned(40 * SECOND),
                &mut random
            ),
            3 * SECOND
        );
        throttle.sent(RequestId(0));
        let wait = throttle.close(20 * SECOND, None, room, &mut random);
        assert!(wait >= 4 * SECOND, "{wait:?}: the room was there already");
    }

    fn learned(room_at: Duration) -> Limit {
        Limit::Learned { room_at }
    }
}
