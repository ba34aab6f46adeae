//! The counts of a run under the names that each format gives them.

use std::fmt;

use intune_sync_wit::Summary;
use serde::{Serialize, Serializer, ser::SerializeMap};

/// The counts of a run, to be flattened into its JSON object.
#[derive(Debug, Clone, Copy)]
pub struct Counts<'a>(pub &'a Summary);

/// A count, or a duration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Figure {
    Count(u64),
    Minutes(f64),
}

impl Counts<'_> {
    /// The runbook's, which come first.
    pub(crate) const RUNBOOKS: usize = 5;

    /// All of them, each with its name, in the order in which they are shown.
    pub(crate) fn named(self) -> [(&'static str, Figure); 11] {
        let Summary {
            total,
            success,
            error,
            skipped,
            gone,
            pending,
            batches,
            retries,
            throttled,
            requests,
            duration,
            status: _,
        } = *self.0;
        [
            ("TotalDevices", total.into()),
            ("SuccessCount", success.into()),
            ("ErrorCount", error.into()),
            ("DurationMinutes", Figure::Minutes(minutes(duration))),
            ("BatchesProcessed", batches.into()),
            ("SkippedCount", skipped.into()),
            ("GoneCount", gone.into()),
            ("PendingCount", pending.into()),
            ("RetryCount", Figure::Count(retries)),
            ("ThrottledCount", Figure::Count(throttled)),
            ("HttpRequests", Figure::Count(requests)),
        ]
    }
}

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = self.named();
        let mut map = serializer.serialize_map(Some(named.len()))?;
        for (name, figure) in named {
            map.serialize_entry(name, &figure)?;
        }
        map.end()
    }
}

impl From<u32> for Figure {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Minutes(minutes) => minutes.fmt(f),
        }
    }
}

/// Milliseconds as minutes, rounded to four decimals. The quotient of two whole numbers is the double nearest to these
/// decimals, so it is written with no more of them.
#[must_use]
pub fn minutes(length: u64) -> f64 {
    let ten_thousandths = (u128::from(length) * 10_000 + 30_000) / 60_000;
    ten_thousandths as f64 / 10_000.0
}

/// Milliseconds as seconds, with at most three decimals.
pub(crate) fn seconds(length: u64) -> f64 {
    length as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_have_at_most_four_decimals() {
        for (length, expected) in [
            (0, "0.0"),
            (2, "0.0"),
            (3, "0.0001"),
            (18_000, "0.3"),
            (31_000, "0.5167"),
            (6_000, "0.1"),
            (60_000, "1.0"),
            (1_000_123, "16.6687"),
            (u64::from(u32::MAX), "71582.7883"),
        ] {
            assert_eq!(serde_json::json!(minutes(length)).to_string(), expected);
        }
        for length in 0..200_000 {
            let text = serde_json::json!(minutes(length)).to_string();
            assert!(
                text.split_once('.')
                    .is_some_and(|(_, decimals)| decimals.len() <= 4),
                "{text}"
            );
        }
    }
}
