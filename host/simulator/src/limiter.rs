//! Quotas, counted in each of the ways in which a server may count: nobody documents which one Intune has.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::clock::Millis;
use crate::config::{Quota, QuotaKind};

/// Lets through what a quota allows.
pub(crate) struct Limiter {
    quota: Quota,
    count: Count,
}

enum Count {
    Off,
    /// The number of the window, and what was used in it.
    Fixed {
        window: u64,
        used: u64,
    },
    /// When something was used, in order of time, with the sum of all that was ever used by then; the sum of all, and
    /// of what is longer ago than a window.
    Sliding {
        log: VecDeque<(Millis, u64)>,
        total: u64,
        expired: u64,
    },
    /// What the bucket holds in parts of a call, `window_ms` parts to a call so that no millisecond adds a fraction;
    /// below 0 when rejected calls count. And when that was.
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

    /// Takes `cost` at `now`, which never goes back; or says how long to wait, in milliseconds, until as much is free
    /// again. What costs more than the whole quota costs the whole quota.
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
                    debug_assert!(at <= now, "time goes on");
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

/// A number of calls in the parts in which a bucket counts.
fn parts(calls: u64, width: Millis) -> i64 {
    i64::try_from(calls.saturating_mul(width)).unwrap_or(i64::MAX)
}

/// What a bucket that held `level` at `from` holds at `now`, refilled at each limit that there was in between. It never
/// holds or owes more than a window's worth of the limit: where that falls, what goes beyond it is lost.
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
