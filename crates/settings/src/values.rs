//! The settings that take a number or a length of time, each with its range. Lengths of time are in milliseconds.

use crate::duration::{DAY, HOUR, SECOND, within};
use crate::number::{Refused, rate, whole};

/// Devices in a batch.
///
/// # Errors
///
/// When it is not 1 to 10,000.
pub fn batch_size(text: &str) -> Result<u32, Refused> {
    whole(1..=10_000, "devices")(text)
}

/// The pause between two batches.
///
/// # Errors
///
/// When it is no duration of at most a day.
pub fn batch_delay(text: &str) -> Result<u64, Refused> {
    within(0..=DAY)(text)
}

/// How often a sync is tried again.
///
/// # Errors
///
/// When it is not 0 to 100.
pub fn max_retries(text: &str) -> Result<u32, Refused> {
    whole(0..=100, "retries")(text)
}

/// The first wait after a transient failure.
///
/// # Errors
///
/// When it is no duration of at most an hour.
pub fn initial_backoff(text: &str) -> Result<u64, Refused> {
    within(0..=HOUR)(text)
}

/// The ceiling, in syncs in 1,000 seconds.
///
/// # Errors
///
/// When it is no rate in syncs per second.
pub fn max_rate(text: &str) -> Result<u64, Refused> {
    rate(text)
}

/// How long ago the last check-in is at least.
///
/// # Errors
///
/// When it is no duration of one second to ten years.
pub fn stale_for(text: &str) -> Result<u64, Refused> {
    within(SECOND..=3650 * DAY)(text)
}

/// The most devices.
///
/// # Errors
///
/// When it is no number from 1.
pub fn limit(text: &str) -> Result<u32, Refused> {
    whole(1..=u32::MAX, "devices")(text)
}

/// After which time nothing new is started.
///
/// # Errors
///
/// When it is no duration of one second to a week.
pub fn deadline(text: &str) -> Result<u64, Refused> {
    within(SECOND..=7 * DAY)(text)
}

/// A seed for the engine's jitter out of the time of day in nanoseconds: a small step of the clock changes all of it
/// (the finalizer of `splitmix64`).
#[must_use]
pub fn seed(nanoseconds: i128) -> u64 {
    let mixed = u128::from_ne_bytes(nanoseconds.to_ne_bytes());
    let mut mixed = (mixed ^ (mixed >> 64)) as u64;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
