//! Quotas, counted in each of the ways in which a server may count: nobody documents which one Intune has.

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
    /// What was used when, in order of time, and the sum.
    Sliding {
        log: VecDeque<(Millis, u64)>,
        used: u64,
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
                used: 0,
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
        let limit = self.limit(now);
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
            Count::Sliding { log, used } => {
                while let Some((at, gone)) =
                    log.front().copied().filter(|(at, _)| at + width <= now)
                {
                    debug_assert!(at <= now, "time goes on");
                    *used -= gone;
                    log.pop_front();
                }
                let allowed = *used + cost <= limit;
                if allowed || count_rejected {
                    *used += cost;
                    match log.back_mut() {
                        Some((at, sum)) if *at == now => *sum += cost,
                        _ => log.push_back((now, cost)),
                    }
                }
                if allowed {
                    return Ok(());
                }
                let mut left = *used;
                for (at, gone) in log.iter() {
                    left -= gone;
                    if left + cost <= limit {
                        return Err(at + width - now);
                    }
                }
                Err(width)
            }
            Count::Bucket { level, at } => {
                let parts =
                    |calls: u64| i64::try_from(calls.saturating_mul(width)).unwrap_or(i64::MAX);
                let capacity = parts(limit);
                let refill = i64::try_from((now - *at).saturating_mul(limit)).unwrap_or(i64::MAX);
                *level = level.saturating_add(refill).min(capacity);
                *at = now;
                let allowed = *level >= parts(cost);
                if allowed || count_rejected {
                    *level = (*level - parts(cost)).max(-capacity);
                }
                if allowed {
                    return Ok(());
                }
                let missing = u64::try_from(parts(cost) - *level).unwrap_or(0);
                Err(missing.div_ceil(limit))
            }
        }
    }

    /// What the neighbour leaves at `now`: 1 at least.
    fn limit(&self, now: Millis) -> u64 {
        let limit = u64::from(self.quota.limit.get());
        let period = u64::from(self.quota.neighbour_period_ms);
        if now.checked_div(period).is_some_and(|turn| turn % 2 == 1) {
            return limit;
        }
        let taken = (limit as f64 * self.quota.neighbour.get()) as u64;
        limit.saturating_sub(taken).max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::config::Share;
    use crate::dice::{Dice, Matter};

    const WINDOW: u64 = 1_000;
    const LIMIT: u64 = 20;

    fn limiter(kind: QuotaKind, count_rejected: bool) -> Limiter {
        let number = |value: u64| NonZeroU32::new(value as u32).expect("not 0");
        let quota = Quota {
            kind,
            count_rejected,
            limit: number(LIMIT),
            window_ms: number(WINDOW),
            ..Quota::default()
        };
        Limiter::new(&quota)
    }

    /// Calls at random times and of random cost; what was let through.
    fn let_through(kind: QuotaKind, count_rejected: bool, seed: u64) -> Vec<(Millis, u64)> {
        let (dice, mut limiter) = (Dice::new(seed), limiter(kind, count_rejected));
        let (mut now, mut taken) = (0, Vec::new());
        for call in 0..2_000 {
            // From a fraction of the quota to many times as much.
            now += dice.below(5 << (seed % 8), Matter::Latency, call);
            let cost = 1 + dice.below(5, Matter::Variant, call);
            if limiter.take(now, cost as u32).is_ok() {
                taken.push((now, cost));
            }
        }
        taken
    }

    fn sum(taken: &[(Millis, u64)], from: Millis, to: Millis) -> u64 {
        taken
            .iter()
            .filter(|(at, _)| (from..to).contains(at))
            .map(|(_, cost)| cost)
            .sum()
    }

    #[test]
    fn no_limiter_lets_through_more_than_its_definition_allows() {
        for seed in 0..16 {
            for count_rejected in [false, true] {
                let fixed = let_through(QuotaKind::Fixed, count_rejected, seed);
                let sliding = let_through(QuotaKind::Sliding, count_rejected, seed);
                let bucket = let_through(QuotaKind::Bucket, count_rejected, seed);
                for (at, _) in &fixed {
                    let window = at / WINDOW * WINDOW;
                    assert!(sum(&fixed, window, window + WINDOW) <= LIMIT, "seed {seed}");
                }
                for (at, _) in &sliding {
                    assert!(sum(&sliding, *at, at + WINDOW) <= LIMIT, "seed {seed}");
                }
                for (at, _) in &bucket {
                    for windows in 1..4 {
                        let most = LIMIT + LIMIT * windows;
                        assert!(
                            sum(&bucket, *at, at + windows * WINDOW) <= most,
                            "seed {seed}"
                        );
                    }
                }
                // Who is counted when rejected, and calls on, may never get in again.
                let least = if count_rejected { LIMIT / 2 } else { 3 * LIMIT };
                for taken in [fixed, sliding, bucket] {
                    assert!(sum(&taken, 0, Millis::MAX) > least, "seed {seed}");
                }
            }
        }
    }

    #[test]
    fn the_wait_is_enough_and_no_longer_than_needed() {
        for kind in [QuotaKind::Fixed, QuotaKind::Sliding, QuotaKind::Bucket] {
            for count_rejected in [false, true] {
                let fill = || {
                    let mut limiter = limiter(kind, count_rejected);
                    for at in 0..LIMIT {
                        assert_eq!(limiter.take(300 + at / 2, 1), Ok(()));
                    }
                    let wait = limiter.take(310, 1).expect_err("the quota is used up");
                    (limiter, wait)
                };
                let (mut limiter, wait) = fill();
                assert_eq!(limiter.take(310 + wait, 1), Ok(()), "{kind:?}");
                let (mut limiter, wait) = fill();
                assert!(limiter.take(310 + wait - 1, 1).is_err(), "{kind:?}");
            }
        }
    }

    #[test]
    fn rejected_calls_count_where_asked_for() {
        for (count_rejected, later) in [(false, true), (true, false)] {
            let mut limiter = limiter(QuotaKind::Sliding, count_rejected);
            assert_eq!(limiter.take(0, LIMIT as u32), Ok(()));
            assert!(limiter.take(900, LIMIT as u32).is_err());
            assert_eq!(limiter.take(1_000, 1).is_ok(), later);
        }
    }

    #[test]
    fn a_neighbour_takes_its_share_while_it_is_busy() {
        let mut limiter = limiter(QuotaKind::Fixed, false);
        limiter.quota.neighbour = Share::percent(50);
        limiter.quota.neighbour_period_ms = 1_000;
        let mut passed = |from| {
            (from..from + WINDOW)
                .filter(|at| limiter.take(*at, 1).is_ok())
                .count() as u64
        };
        assert_eq!(
            (passed(0), passed(1_000), passed(2_000)),
            (LIMIT / 2, LIMIT, LIMIT / 2)
        );
    }
}
