//! Each way of counting, against its definition.

use std::num::NonZeroU32;

use super::*;
use crate::{
    config::{QuotaChange, Share},
    dice::{Dice, Draw},
};

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

/// Calls at random times and of random cost; those that were admitted.
fn admitted(kind: QuotaKind, count_rejected: bool, seed: u64) -> Vec<(Millis, u64)> {
    let (dice, mut limiter) = (Dice::new(seed), limiter(kind, count_rejected));
    let (mut now, mut taken) = (0, Vec::new());
    for call in 0..2_000 {
        // From a fraction of the quota to many times as much.
        now += dice.below(5 << (seed % 8), Draw::Latency, call);
        let cost = 1 + dice.below(5, Draw::Variant, call);
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
fn no_limiter_admits_more_than_its_definition_allows() {
    for seed in 0..16 {
        for count_rejected in [false, true] {
            let fixed = admitted(QuotaKind::Fixed, count_rejected, seed);
            let sliding = admitted(QuotaKind::Sliding, count_rejected, seed);
            let bucket = admitted(QuotaKind::Bucket, count_rejected, seed);
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
            // A caller whose throttled calls count, and who keeps calling, may never be admitted again.
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
fn throttled_calls_count_if_configured() {
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
    let mut admitted = |from| {
        (from..from + WINDOW)
            .filter(|at| limiter.take(*at, 1).is_ok())
            .count() as u64
    };
    assert_eq!(
        (admitted(0), admitted(1_000), admitted(2_000)),
        (LIMIT / 2, LIMIT, LIMIT / 2)
    );
}

fn changed(kind: QuotaKind, at_ms: Millis, limit: u64) -> Limiter {
    let mut limiter = limiter(kind, false);
    limiter.quota.changes = vec![QuotaChange {
        at_ms,
        limit: NonZeroU32::new(limit as u32).expect("not 0"),
    }];
    limiter
}

#[test]
fn a_change_of_the_limit_holds_from_its_instant_on() {
    for kind in [QuotaKind::Fixed, QuotaKind::Sliding, QuotaKind::Bucket] {
        for (limit, more) in [(LIMIT / 2, 0), (LIMIT * 2, LIMIT)] {
            let mut limiter = changed(kind, 500, limit);
            let mut admitted = |at, attempts| {
                (0..attempts)
                    .filter(|_| limiter.take(at, 1).is_ok())
                    .count() as u64
            };
            assert_eq!(admitted(499, 100), LIMIT, "{kind:?}");
            // A bucket has room for more, but must be filled first.
            let at_once = if kind == QuotaKind::Bucket { 0 } else { more };
            assert_eq!(admitted(500, 100), at_once, "{kind:?}");
            // Much later, a window has exactly the new limit.
            assert_eq!(admitted(9_000, 100), limit, "{kind:?}");
        }
    }
}

#[test]
fn a_bucket_is_filled_at_the_limit_of_each_moment() {
    // 20 per second until 500, 40 after that: empty at 0, a call every 50 ms, then every 25 ms.
    let mut limiter = changed(QuotaKind::Bucket, 500, 2 * LIMIT);
    assert_eq!(limiter.take(0, LIMIT as u32), Ok(()));
    assert_eq!(limiter.take(750, 20), Ok(()));
    assert_eq!(limiter.take(750, 1), Err(25));
    // A full bucket keeps no more than the new limit.
    let mut limiter = changed(QuotaKind::Bucket, 500, LIMIT / 2);
    assert_eq!(limiter.take(500, 10), Ok(()));
    assert_eq!(limiter.take(500, 1), Err(100));
}

#[test]
fn a_buckets_level_does_not_depend_on_how_often_it_is_read() {
    for seed in 0..200 {
        let dice = Dice::new(seed);
        let below = |end, subject| dice.below(end, Draw::Variant, subject);
        let mut quota = limiter(QuotaKind::Bucket, true).quota;
        let change = |number| QuotaChange {
            at_ms: below(4_000, number),
            limit: NonZeroU32::new(1 + below(50, !number) as u32).expect("not 0"),
        };
        quota.changes = (0..4).map(change).collect();
        quota.neighbour = Share::percent(below(100, 10) as u8);
        quota.neighbour_period_ms = below(700, 11) as u32;
        let level = below(40_000, 12) as i64 - 20_000;
        let (from, now) = (below(2_000, 13), 2_000 + below(2_000, 14));
        let step_by_step = (from..now).fold(level, |level, at| refilled(&quota, level, at, at + 1));
        assert_eq!(
            refilled(&quota, level, from, now),
            step_by_step,
            "seed {seed}"
        );
    }
}
