//! Time since the start, and the time of day that goes with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the tenant started.
pub(crate) type Millis = u64;

/// Says which time of day an instant is. It does not run: who asks names the instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started_at: u64,
}

impl Clock {
    /// The start is `started_at` milliseconds since 1970, or what the machine's clock says, and `ahead` milliseconds.
    pub(crate) fn new(started_at: Option<u64>, ahead: i64) -> Self {
        let machine = || {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, millis)
        };
        Self {
            started_at: started_at
                .unwrap_or_else(machine)
                .saturating_add_signed(ahead),
        }
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

/// A duration in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
