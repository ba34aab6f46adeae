//! How many calls a tenant admits, and how that changes during a run.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::share::Share;

/// A quota: a number of calls per window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// How calls are counted.
    pub kind: QuotaKind,
    /// Calls in a window, until a change.
    pub limit: NonZeroU32,
    /// Other limits, each from its own time on, in any order.
    pub changes: Vec<QuotaChange>,
    /// Length of the window in milliseconds.
    pub window_ms: NonZeroU32,
    /// Whether throttled calls count too.
    pub count_rejected: bool,
    /// Share of the limit that a neighbour, another app of the tenant, uses up.
    pub neighbour: Share,
    /// The neighbour is busy for this many milliseconds, then idle for as long, and so on. 0: always busy.
    pub neighbour_period_ms: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            kind: QuotaKind::Sliding,
            limit: NonZeroU32::new(200).expect("200 is not 0"),
            changes: Vec::new(),
            window_ms: NonZeroU32::new(20_000).expect("20,000 is not 0"),
            count_rejected: true,
            neighbour: Share::NONE,
            neighbour_period_ms: 0,
        }
    }
}

impl Quota {
    /// Calls in a window at `now_ms`, in milliseconds since the start: the limit after its changes, less the
    /// neighbour's share of it; at least 1. [`Quota::kind`] makes no difference.
    #[must_use]
    pub fn limit_at(&self, now_ms: u64) -> u64 {
        let begun = self.changes.iter().filter(|change| change.at_ms <= now_ms);
        let latest = begun.max_by_key(|change| change.at_ms);
        let limit = u64::from(latest.map_or(self.limit, |change| change.limit).get());
        let period = u64::from(self.neighbour_period_ms);
        if now_ms.checked_div(period).is_some_and(|turn| turn % 2 == 1) {
            return limit;
        }
        let taken = (limit as f64 * self.neighbour.get()) as u64;
        limit.saturating_sub(taken).max(1)
    }

    /// The first instant after `now_ms` at which [`Quota::limit_at`] may change; `None` if it never does.
    pub(crate) fn next_change(&self, now_ms: u64) -> Option<u64> {
        let changes = self.changes.iter().map(|change| change.at_ms);
        let change = changes.filter(|at| *at > now_ms).min();
        let period = u64::from(self.neighbour_period_ms);
        let turn =
            (period > 0 && self.neighbour > Share::NONE).then(|| (now_ms / period + 1) * period);
        change.into_iter().chain(turn).min()
    }
}

/// Another limit, from a certain time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaChange {
    /// When it begins, in milliseconds since the start.
    pub at_ms: u64,
    /// Calls in a window from then on, before the neighbour takes its share.
    pub limit: NonZeroU32,
}

/// How calls are counted against a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaKind {
    /// There is no quota.
    Off,
    /// In consecutive windows, each from 0.
    Fixed,
    /// In the window that ends now.
    Sliding,
    /// By a token bucket that holds `limit`, refilled at `limit` per window.
    Bucket,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota() -> Quota {
        let change = |at_ms, limit| QuotaChange {
            at_ms,
            limit: NonZeroU32::new(limit).expect("not 0"),
        };
        Quota {
            changes: vec![change(5_000, 400), change(2_000, 100)],
            ..Quota::default()
        }
    }

    #[test]
    fn the_limit_is_that_of_the_latest_change() {
        let limits = [0, 1_999, 2_000, 4_999, 5_000, u64::MAX].map(|now| quota().limit_at(now));
        assert_eq!(limits, [200, 200, 100, 100, 400, 400]);
    }

    #[test]
    fn the_neighbour_takes_its_share_of_what_the_limit_is_by_then() {
        let mut quota = quota();
        quota.neighbour = Share::percent(75);
        quota.neighbour_period_ms = 1_500;
        let limits = [0, 1_499, 1_500, 2_000, 3_000, 5_000, 6_000].map(|now| quota.limit_at(now));
        assert_eq!(limits, [50, 50, 200, 100, 25, 400, 100]);
        quota.neighbour = Share::ALL;
        quota.neighbour_period_ms = 0;
        assert_eq!(quota.limit_at(7), 1);
    }

    #[test]
    fn between_two_changes_the_limit_stays() {
        let mut quota = quota();
        quota.neighbour = Share::percent(10);
        for period in [0, 1, 700, 1_000] {
            quota.neighbour_period_ms = period;
            for now in 0..6_000 {
                let next = quota.next_change(now).unwrap_or(6_000);
                assert!(next > now);
                let limits = (now..next.min(6_000)).map(|at| quota.limit_at(at));
                assert!(limits.into_iter().all(|limit| limit == quota.limit_at(now)));
            }
        }
    }

    #[test]
    fn changes_are_read_and_may_be_left_out() {
        let read: Quota = serde_json::from_str(
            r#"{"changes":[{"at_ms":5000,"limit":400},{"at_ms":2000,"limit":100}]}"#,
        )
        .expect("a good quota");
        assert_eq!(read, quota());
        let plain: Quota = serde_json::from_str("{}").expect("all has a default");
        assert_eq!(plain, Quota::default());
        assert!(serde_json::from_str::<Quota>(r#"{"changes":[{"at_ms":1,"limit":0}]}"#).is_err());
    }
}
