//! This machine's clock, compared with Graph's.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::step::{Cause, Finding, Outcome};

/// The clock skew that Microsoft's sign-in tolerates, in seconds.
const TOLERANCE: u64 = 5 * 60;

/// A reading of Graph's clock, with this machine's time around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockReading {
    /// By Graph's clock, truncated to the second.
    pub(super) graph: Timestamp,
    /// By this machine's clock, before the request was sent.
    pub(super) requested: SystemTime,
    /// By this machine's clock, when the response had arrived.
    pub(super) received: SystemTime,
}

/// Clock skew against Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// How far this machine's clock is ahead, in seconds; `None` where that is not known.
    ahead: Option<i64>,
}

impl Clock {
    pub(super) fn compared(reading: Option<ClockReading>) -> Self {
        Self {
            ahead: reading.and_then(ClockReading::ahead),
        }
    }

    pub(super) fn ahead(self) -> Option<i64> {
        self.ahead
    }

    /// The time by Graph's clock, or by this machine's where Graph's is not known, in seconds since 1970.
    pub(super) fn now(self) -> i64 {
        Timestamp::now().as_second() - self.ahead.unwrap_or(0)
    }

    pub(super) fn check(self) -> Outcome {
        let Some(ahead) = self.ahead else {
            return Outcome::Skipped("Microsoft Graph's response does not contain its time".into());
        };
        let apart = match ahead {
            0 => "the same as Microsoft Graph's, to the second".to_owned(),
            _ => format!(
                "{} {} Microsoft Graph's",
                in_words(ahead.unsigned_abs()),
                if ahead > 0 { "ahead of" } else { "behind" }
            ),
        };
        if ahead.unsigned_abs() <= TOLERANCE {
            return Outcome::Passed(apart);
        }
        Outcome::Failed(Finding::new(
            Cause::WrongClock,
            format!(
                "this machine's clock is {apart}: it shows {}",
                moment(Timestamp::now().as_second())
            ),
            "set the clock (`timedatectl set-ntp true`): with a wrong one a good token looks expired, or not yet valid",
        ))
    }
}

impl ClockReading {
    fn ahead(self) -> Option<i64> {
        let took = self
            .received
            .duration_since(self.requested)
            .unwrap_or_default();
        // Half a second makes up for the truncation.
        let here = self.requested + took / 2;
        let here = Timestamp::try_from(here).ok()?;
        let there = self.graph + Duration::from_millis(500);
        let ahead: SignedDuration = here.duration_since(there);
        Some((ahead.as_millis() as f64 / 1_000.0).round() as i64)
    }
}

/// A moment in seconds since 1970, for people.
pub(super) fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::MAX)
        .strftime("%Y-%m-%d %H:%M:%SZ")
        .to_string()
}

/// A moment in seconds since 1970, for programs.
pub(super) fn rfc3339(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::MAX)
        .to_string()
}

/// A duration for people, in its two largest units.
pub(super) fn in_words(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead(graph: i64, requested_ms: u64, received_ms: u64) -> Option<i64> {
        let here = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        let reading = ClockReading {
            graph: Timestamp::from_second(graph).expect("a time"),
            requested: here(requested_ms),
            received: here(received_ms),
        };
        Clock::compared(Some(reading)).ahead()
    }

    #[test]
    fn the_middle_of_the_request_is_compared() {
        assert_eq!(ahead(1_000, 1_000_000, 1_001_000), Some(0));
        assert_eq!(ahead(1_000, 1_000_000, 1_040_000), Some(20));
        assert_eq!(ahead(1_000, 400_000, 401_000), Some(-600));
        assert_eq!(Clock::compared(None).ahead(), None);
    }

    #[test]
    fn five_minutes_are_allowed_either_way() {
        for (ahead, fine) in [
            (0, true),
            (300, true),
            (-300, true),
            (301, false),
            (-301, false),
        ] {
            let checked = Clock { ahead: Some(ahead) }.check();
            assert_eq!(matches!(checked, Outcome::Passed(_)), fine, "{checked:?}");
        }
        assert!(matches!(Clock { ahead: None }.check(), Outcome::Skipped(_)));
    }

    #[test]
    fn durations_have_two_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (3 * 3_600 + 120, "3 h 2 min"),
            (3 * 86_400 + 3_600, "3 d 1 h"),
        ] {
            assert_eq!(in_words(seconds), words);
        }
    }
}
