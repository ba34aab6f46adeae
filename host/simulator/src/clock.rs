//! Time: tokio's, so that a paused clock works, and the time of day that goes with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Milliseconds since the simulator started.
pub(crate) type Millis = u64;

/// Counts from the start of the simulator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    started_at: u64,
}

impl Clock {
    /// Starts now, which is `started_at` milliseconds since 1970, or what the machine's clock says.
    pub(crate) fn start(started_at: Option<u64>) -> Self {
        let machine = || {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, millis)
        };
        Self {
            started: Instant::now(),
            started_at: started_at.unwrap_or_else(machine),
        }
    }

    /// Now.
    pub(crate) fn now(&self) -> Millis {
        millis(self.started.elapsed())
    }

    /// The time of day at `instant`, in milliseconds since 1970.
    pub(crate) fn time_of_day(&self, instant: Millis) -> u64 {
        self.started_at + instant
    }

    /// The first instant that is not before a time of day.
    pub(crate) fn instant_of(&self, time_of_day: u64) -> Millis {
        time_of_day.saturating_sub(self.started_at)
    }
}

/// A time of day as HTTP writes it, cut to the second.
pub(crate) fn http_date(time_of_day: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(time_of_day))
}

/// A time of day as JSON has it, cut to the second.
pub(crate) fn timestamp(time_of_day: u64) -> String {
    let seconds = i64::try_from(time_of_day / 1_000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::MAX)
        .to_string()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
