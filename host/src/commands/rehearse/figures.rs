//! The figures of a rehearsed run.

use std::fmt;

use intune_sync_simulator::{Quota, Requests, Statistics};
use intune_sync_wit::Summary;
use serde::{Serialize, Serializer};

/// The figures of a rehearsed run.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Figures {
    /// The component's own summary.
    #[serde(skip)]
    pub(super) summary: Summary,
    /// HTTP requests by kind, as the tenant saw them.
    #[serde(serialize_with = "by_kind")]
    pub(super) requests: Requests,
    /// Writes that were charged to the quota.
    pub(super) writes: u64,
    /// Of these, those that were refused.
    #[serde(rename = "ThrottledWrites")]
    pub(super) throttled: u64,
    /// The same as a share.
    pub(super) throttled_percent: Percent,
    /// Requests that were sent before a wait that Graph had named was over.
    pub(super) early_calls: u64,
    /// The part of the quota that was used between the first admitted write and the last.
    pub(super) quota_used_percent: Percent,
}

impl Figures {
    pub(super) fn new(summary: Summary, statistics: &Statistics, quota: &Quota) -> Self {
        let sum = |per_second: &[u32]| per_second.iter().map(|writes| u64::from(*writes)).sum();
        let admitted: u64 = sum(&statistics.admitted_per_second);
        let throttled: u64 = sum(&statistics.rejected_per_second);
        let allowed = allowed(&statistics.admitted_per_second, quota);
        Self {
            summary,
            requests: statistics.requests,
            writes: admitted + throttled,
            throttled,
            throttled_percent: Percent::of(throttled, admitted + throttled),
            early_calls: statistics.early_calls,
            quota_used_percent: Percent::of(admitted, allowed),
        }
    }
}

/// A part of a whole in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Percent(pub(super) u64);

impl Percent {
    /// Rounded to the nearest; 0 of 0 is 0.
    pub(super) fn of(part: u64, whole: u64) -> Self {
        let (part, whole) = (u128::from(part), u128::from(whole));
        let share = (part * 10_000 + whole / 2).checked_div(whole);
        Self(u64::try_from(share.unwrap_or(0)).unwrap_or(u64::MAX))
    }

    /// The quotient of two whole numbers is the double nearest to these decimals.
    fn number(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

/// `0.05`, `94.8`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.number().serialize(serializer)
    }
}

/// The requests of a run, each kind under its name. A run has none of the directory's.
pub(super) fn kinds(requests: &Requests) -> [(&'static str, u64); 6] {
    let Requests {
        list,
        sync,
        batch,
        execute_action,
        directory: _,
        groups: _,
        identity,
        other,
    } = *requests;
    [
        ("List", list),
        ("Single", sync),
        ("Batch", batch),
        ("Bulk", execute_action),
        ("Token", identity),
        ("Other", other),
    ]
}

fn by_kind<S: Serializer>(requests: &Requests, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(kinds(requests))
}

/// The writes that the quota allows from the first second with an admitted write to the last: at least a window's,
/// since that many may come at once.
fn allowed(admitted_per_second: &[u32], quota: &Quota) -> u64 {
    let mut busy = (0_u64..)
        .zip(admitted_per_second)
        .filter(|(_, admitted)| **admitted > 0)
        .map(|(second, _)| second);
    let Some(first) = busy.next() else {
        return 0;
    };
    let last = busy.last().unwrap_or(first);
    let limits = (first..=last).map(|second| quota.limit_at(second * 1_000));
    let in_windows = limits.sum::<u64>() * 1_000 / u64::from(quota.window_ms.get());
    in_windows.max(quota.limit_at(first * 1_000))
}

#[cfg(test)]
mod tests {
    //! The figures of a rehearsed run.

    use intune_sync_simulator::Share;

    use super::*;

    #[test]
    fn a_share_of_nothing_is_none() {
        for (part, whole, expected) in [
            (0, 0, 0),
            (1, 3, 3_333),
            (2, 3, 6_667),
            (5, 5, 10_000),
            (1, u64::MAX, 0),
        ] {
            assert_eq!(Percent::of(part, whole), Percent(expected));
        }
    }

    #[test]
    fn percentages_have_no_trailing_zeros() {
        for (hundredths, expected) in [(0, "0"), (5, "0.05"), (9_480, "94.8"), (10_000, "100")] {
            assert_eq!(Percent(hundredths).to_string(), expected);
        }
    }

    #[test]
    fn the_quota_is_counted_while_there_are_writes() {
        let mut quota = Quota::default();
        assert_eq!(allowed(&[], &quota), 0);
        assert_eq!(allowed(&[0, 0], &quota), 0);
        assert_eq!(allowed(&[0, 7, 0], &quota), 200);
        let mut hour = vec![9; 3_600];
        assert_eq!(allowed(&hour, &quota), 36_000);
        hour.extend([0; 100]);
        assert_eq!(allowed(&hour, &quota), 36_000);
        quota.neighbour = Share::percent(50);
        quota.neighbour_period_ms = 600_000;
        assert_eq!(allowed(&hour, &quota), 27_000);
    }
}
