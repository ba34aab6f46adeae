//! The guest's monotonic clock.

use std::time::Duration;

use tokio::time::Instant;
use wasmtime_wasi::HostMonotonicClock;

/// The guest's monotonic clock: tokio's, so that on a paused runtime the guest lives in virtual time.
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        u64::try_from(Duration::from_millis(1).as_nanos()).unwrap_or(u64::MAX)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
