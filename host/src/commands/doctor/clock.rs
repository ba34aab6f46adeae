//! This machine's clock, compared with Graph's.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::{Cause, Finding, Outcome};

/// As far as clocks may be apart: what Microsoft's sign-in allows.
const TOLERANCE: u64 = 5 * 60;

/// What Graph's clock said, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    /// By Graph's clock, cut to the second.
    pub(super) graph: Timestamp,
    /// By this machine's clock, before the request was sent.
    pub(super) asked: SystemTime,
    /// By this machine's clock, when the answer was there.
    pub(super) answered: SystemTime,
}

/// How this machine's clock stands to Graph's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// How far it is ahead, in seconds; none where that is not known.
    ahead: Option<i64>,
}

impl Clock {
    pub(super) fn compared(heard: Option<Heard>) -> Self {
        Self {
            ahead: heard.and_then(Heard::ahead),
        }
    }

    pub(super) fn ahead(self) -> Option<i64> {
        self.ahead
    }

    /// The time by Graph's clock, or by this machine's where Graph's is not known, in seconds since 1970.
    pub(super) fn now(self) -> i64 {
        Timestamp::now().as_second() - self.ahead.unwrap_or(0)
    }

    pub(super) fn judge(self) -> Outcome {
        let Some(ahead) = self.ahead else {
            return Outcome::Skipped(
                "Microsoft Graph's answer does not say what time it is".into(),
            );
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
                "this machine's clock is {apart}: it says {}",
                moment(Timestamp::now().as_second())
            ),
            "set the clock (`timedatectl set-ntp true`): by a wrong one a good token looks expired, or not yet valid",
        ))
    }
}

impl Heard {
    fn ahead(self) -> Option<i64> {
        let took = self.answered.duration_since(self.asked).unwrap_or_default();
        // Half a second makes up for the cut.
        let here = self.asked + took / 2;
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

    fn ahead(graph: i64, asked_ms: u64, answered_ms: u64) -> Option<i64> {
        let here = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        let heard = Heard {
            graph: Timestamp::from_second(graph).expect("a time"),
            asked: here(asked_ms),
            answered: here(answered_ms),
        };
        Clock::compared(Some(heard)).ahead()
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
            let judged = Clock { ahead: Some(ahead) }.judge();
            assert_eq!(matches!(judged, Outcome::Passed(_)), fine, "{judged:?}");
        }
        assert!(matches!(Clock { ahead: None }.judge(), Outcome::Skipped(_)));
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
