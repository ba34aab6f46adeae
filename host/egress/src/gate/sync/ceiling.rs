//! The ceiling on the rate of writes.

use std::{
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

/// How late, or bunched, the requests of an engine that keeps its pace may arrive at the gate.
const JITTER: Duration = Duration::from_secs(2);

/// One write, in thousandths of a write times nanoseconds: at a rate of r thousandths of a write a second, one
/// nanosecond is worth r of these.
const WRITE: u128 = 1_000 * 1_000_000_000;

/// A ceiling on writes that holds whatever the guest's pace: the generic cell rate algorithm, in integers, without a
/// clock.
///
/// In any span of time, at most `rate` times the span plus `burst` writes are admitted.
#[derive(Clone, Debug)]
pub struct WriteCeiling {
    rate: NonZeroU64,
    burst: NonZeroU32,
    /// When all that was admitted would be done at exactly `rate`, in units of time times rate.
    done: u128,
}

impl WriteCeiling {
    /// A ceiling of `rate` thousandths of a write a second (9,500 is 9.5 writes a second), and of `burst` writes at
    /// once.
    pub const fn new(rate: NonZeroU64, burst: NonZeroU32) -> Self {
        Self {
            rate,
            burst,
            done: 0,
        }
    }

    /// A ceiling for an engine that keeps to `rate` with requests of at most `largest` writes each: it admits that
    /// engine's every request, even if each arrives up to two seconds late, and no sustained excess.
    pub const fn for_engine(rate: NonZeroU64, largest: NonZeroU32) -> Self {
        let late = rate.get().saturating_mul(JITTER.as_secs()).div_ceil(1_000);
        let late = if late > u32::MAX as u64 {
            u32::MAX
        } else {
            late as u32
        };
        Self::new(rate, largest.saturating_add(late))
    }

    /// Writes at once.
    pub const fn burst(&self) -> u32 {
        self.burst.get()
    }

    /// Takes `writes` at `now`, the time since the start.
    ///
    /// # Errors
    ///
    /// When that is over the ceiling, nothing is taken, and the error is how long to wait until this many would be
    /// admitted; [`Duration::MAX`] for more than `burst` at once, which are never admitted.
    pub fn admit(&mut self, now: Duration, writes: u32) -> Result<(), Duration> {
        if writes > self.burst.get() {
            return Err(Duration::MAX);
        }
        let rate = u128::from(self.rate.get());
        // Even at the highest rate this takes 500 years to overflow; then nothing is admitted any more.
        let now = now.as_nanos().checked_mul(rate).ok_or(Duration::MAX)?;
        let done = self
            .done
            .max(now)
            .checked_add(u128::from(writes) * WRITE)
            .ok_or(Duration::MAX)?;
        let wait = done
            .saturating_sub(now)
            .saturating_sub(u128::from(self.burst.get()) * WRITE)
            .div_ceil(rate);
        if wait > 0 {
            return Err(u64::try_from(wait).map_or(Duration::MAX, Duration::from_nanos));
        }
        self.done = done;
        Ok(())
    }
}
