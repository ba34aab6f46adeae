//! Quotas, counted in each way in which a server may count: which one Intune uses is not documented
//! (docs/graph-facts.md#quotas).

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::{
    clock::Millis,
    config::{Quota, QuotaKind},
};

/// Admits what a quota allows.
pub(crate) struct Limiter {
    quota: Quota,
    count: Count,
}

enum Count {
    Off,
    /// The number of the window, and how much was used in it.
    Fixed {
        window: u64,
        used: u64,
    },
    /// When something was used, in order of time, with the total ever used by then; the total, and the part of it that
    /// is older than a window.
    Sliding {
        log: VecDeque<(Millis, u64)>,
        total: u64,
        expired: u64,
    },
    /// The level of the bucket at an instant, in parts of a call: `window_ms` parts make a call, so that no millisecond
    /// adds a fraction. It can be negative if throttled calls count.
    Bucket {
        level: i64,
        at: Millis,
    },
}

impl Limiter {
    pub(crate) fn new(quota: &Quota) -> Self {
        let count = match quota.kind {
            QuotaKind::Off => Count::Off,
            QuotaKind::Fixed => Count::Fixed { window: 0, used: 0 },
            QuotaKind::Sliding => Count::Sliding {
                log: VecDeque::new(),
                total: 0,
                expired: 0,
            },
            QuotaKind::Bucket => Count::Bucket {
                level: i64::MAX,
                at: 0,
            },
        };
        Self {
            quota: quota.clone(),
            count,
        }
    }

    /// Charges `cost` at `now`, which never decreases. A cost above the whole quota is charged as the whole quota.
    ///
    /// # Errors
    ///
    /// How long to wait until that much is free again, if the call is throttled.
    pub(crate) fn take(&mut self, now: Millis, cost: u32) -> Result<(), Millis> {
        let limit = self.quota.limit_at(now);
        let cost = u64::from(cost).min(limit);
        let width = u64::from(self.quota.window_ms.get());
        let count_rejected = self.quota.count_rejected;
        match &mut self.count {
            Count::Off => Ok(()),
            Count::Fixed { window, used } => {
                if *window != now / width {
                    (*window, *used) = (now / width, 0);
                }
                let allowed = *used + cost <= limit;
                if allowed || count_rejected {
                    *used += cost;
                }
                if allowed {
                    Ok(())
                } else {
                    Err(width - now % width)
                }
            }
            Count::Sliding {
                log,
                total,
                expired,
            } => {
                while let Some((at, sum)) = log.front().copied().filter(|(at, _)| at + width <= now)
                {
                    debug_assert!(at <= now, "time never goes back");
                    *expired = sum;
                    log.pop_front();
                }
                let allowed = *total - *expired + cost <= limit;
                if allowed || count_rejected {
                    *total += cost;
                    match log.back_mut() {
                        Some((at, sum)) if *at == now => *sum = *total,
                        _ => log.push_back((now, *total)),
                    }
                }
                if allowed {
                    return Ok(());
                }
                let enough = log.partition_point(|(_, sum)| *total - sum + cost > limit);
                Err(log.get(enough).map_or(width, |(at, _)| at + width - now))
            }
            Count::Bucket { level, at } => {
                *level = refilled(&self.quota, *level, *at, now);
                *at = now;
                let (capacity, cost) = (parts(limit, width), parts(cost, width));
                let allowed = *level >= cost;
                if allowed || count_rejected {
                    *level = (*level - cost).max(-capacity);
                }
                if allowed {
                    return Ok(());
                }
                let missing = u64::try_from(cost - *level).unwrap_or(0);
                Err(missing.div_ceil(limit))
            }
        }
    }
}

/// A number of calls in the unit of a bucket's level.
fn parts(calls: u64, width: Millis) -> i64 {
    i64::try_from(calls.saturating_mul(width)).unwrap_or(i64::MAX)
}

/// The level at `now` of a bucket that had `level` at `from`, refilled at each limit in force in between. It never
/// holds or owes more than a window's worth of the limit: when the limit falls, the excess is lost.
fn refilled(quota: &Quota, mut level: i64, mut from: Millis, now: Millis) -> i64 {
    loop {
        let limit = quota.limit_at(from);
        let capacity = parts(limit, quota.window_ms.get().into());
        level = level.clamp(-capacity, capacity);
        if from == now {
            return level;
        }
        let end = quota
            .next_change(from)
            .map_or(now, |change| change.min(now));
        level = level.saturating_add(parts(limit, end - from)).min(capacity);
        from = end;
    }
}
