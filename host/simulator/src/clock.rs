//! Time since the start, and the corresponding time of day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An instant, in milliseconds since the tenant started, or the time between two instants. A plain integer: quotas are
/// counted in it exactly, and the configuration and the statistics are written in it.
pub(crate) type Millis = u64;

/// Converts between instants and the time of day. It does not tick: its callers supply the instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started_at: u64,
}

impl Clock {
    /// A clock that starts at `started_at`, in milliseconds since 1970, or at the machine's time, `ahead` milliseconds
    /// later.
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

/// A time of day as HTTP writes it, truncated to the second.
pub(crate) fn http_date(time_of_day: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(time_of_day))
}

/// A time of day as Graph's JSON writes it, truncated to the second.
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
