//! Waits between attempts: exponential, with jitter.

use core::time::Duration;

/// The longest wait that the engine chooses.
const BACKOFF_MAX: Duration = Duration::from_mins(1);

/// `first`, doubled `doublings` times, at most a minute.
pub(super) fn exponential(first: Duration, doublings: u32) -> Duration {
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(BACKOFF_MAX)
}

/// A random time up to `most`: spreads retries of requests that failed together.
pub(super) fn full_jitter(most: Duration, random: &mut fastrand::Rng) -> Duration {
    Duration::from_millis(random.u64(0..=millis(most)))
}

/// A random time from half of `most` to `most`: for a wait that must not be short.
pub(super) fn upper_half(most: Duration, random: &mut fastrand::Rng) -> Duration {
    let most = millis(most);
    Duration::from_millis(random.u64(most / 2..=most))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_a_minute() {
        let waits: Vec<u64> = (0..6)
            .map(|n| exponential(Duration::from_secs(5), n).as_secs())
            .collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        assert_eq!(exponential(Duration::from_secs(5), 1000), BACKOFF_MAX);
        assert_eq!(exponential(Duration::ZERO, 40), Duration::ZERO);
    }

    #[test]
    fn jitter_stays_in_its_bounds_and_uses_them() {
        let mut random = fastrand::Rng::with_seed(1);
        let most = Duration::from_millis(100);
        let full: Vec<Duration> = (0..2000).map(|_| full_jitter(most, &mut random)).collect();
        assert_eq!(
            (full.iter().min(), full.iter().max()),
            (Some(&Duration::ZERO), Some(&most))
        );
        let half: Vec<Duration> = (0..2000).map(|_| upper_half(most, &mut random)).collect();
        assert_eq!(
            (half.iter().min(), half.iter().max()),
            (Some(&Duration::from_millis(50)), Some(&most))
        );
    }
}
