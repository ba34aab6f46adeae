//! The ranges of the settings that are checked twice: by the table of settings, so that the user gets a clear error,
//! and by the engine, since a component does not trust its host.
//!
//! Constants alone, so that the engine needs nothing of the crate that reads settings.

use core::ops::RangeInclusive;

/// One second in milliseconds.
pub const SECOND: u64 = 1_000;
/// One hour in milliseconds.
pub const HOUR: u64 = 3_600 * SECOND;
/// One day in milliseconds.
pub const DAY: u64 = 24 * HOUR;

/// Devices in a batch.
pub const BATCH_SIZE: RangeInclusive<u32> = 1..=10_000;
/// The pause between two batches, in milliseconds.
pub const BATCH_DELAY: RangeInclusive<u64> = 0..=DAY;
/// Further attempts for a device.
pub const MAX_RETRIES: RangeInclusive<u32> = 0..=100;
/// The first wait after a failure, in milliseconds.
pub const INITIAL_BACKOFF: RangeInclusive<u64> = 0..=HOUR;
/// How long nothing may succeed before the run ends, in milliseconds.
pub const GIVE_UP_AFTER: RangeInclusive<u64> = SECOND..=7 * DAY;
/// A rate, in syncs per 1,000 seconds.
pub const RATE: RangeInclusive<u64> = 1..=1_000_000_000;
/// The most devices of a run.
pub const LIMIT: RangeInclusive<u32> = 1..=u32::MAX;
