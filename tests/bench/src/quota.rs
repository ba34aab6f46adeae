//! Measures how much of a quota a client uses, and how much of what it sends is throttled.

use std::num::NonZeroU32;

use intune_sync_engine::{
    Run,
    contract::{Dispatch, Order, Pace, Selection, Settings},
};
use intune_sync_simulation::{Observer, run};
use intune_sync_simulator::{
    Config, Latency, Quota, QuotaChange, QuotaKind, RetryAfterForm, Statistics, Tenant,
};

use crate::{
    clients::{self, Kind},
    oracle::Oracle,
};

/// 2026-11-23T04:50:00Z.
const STARTED_AT: u64 = 1_795_409_400_000;
pub(crate) const WINDOW: u64 = 20_000;
/// How long each run is measured, in milliseconds of virtual time.
pub(crate) const END: u64 = 2_400_000;
/// When the quota halves, and when it doubles again.
const HALVED: u64 = 600_000;
const DOUBLED: u64 = 1_500_000;
/// The default of `--max-rate`, in syncs per 1,000 seconds.
pub(crate) const CEILING: u64 = 9_750;
/// How many seeds each figure is the worst of.
pub(crate) const SEEDS: u64 = 3;

pub(crate) const LIMITERS: [QuotaKind; 3] =
    [QuotaKind::Fixed, QuotaKind::Sliding, QuotaKind::Bucket];

/// A client that is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sender {
    /// The engine's core.
    Engine(Dispatch),
    /// One that knows the limiter.
    Oracle(Dispatch),
    Other(Kind),
}

/// How the quota changes during a run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Course {
    Steady(u32),
    /// 200, then 100, then 200 again.
    Changing,
}

/// The share of the allowance that was used, and the share of all calls that was throttled, in percent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure {
    pub(crate) used: f64,
    pub(crate) throttled: f64,
}

impl Measure {
    /// The worse of both figures.
    pub(crate) fn worst(self, other: Self) -> Self {
        Self {
            used: self.used.min(other.used),
            throttled: self.throttled.max(other.throttled),
        }
    }
}

/// The worst results of all seeds.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// One measure for a steady course; for a changing one three: the five windows after the quota halves, the time
    /// after that, and the time from the tenth window after it doubles.
    pub(crate) phases: Vec<Measure>,
    pub(crate) early: u64,
    /// Devices that were given up.
    pub(crate) lost: u64,
}

/// Runs a sender against a tenant.
pub(crate) fn measure(
    sender: Sender,
    kind: QuotaKind,
    form: RetryAfterForm,
    course: Course,
    seeds: u64,
) -> Outcome {
    let outcomes = (0..seeds).map(|seed| once(sender, kind, form, course, seed));
    let worst = outcomes.reduce(|mut worst, other| {
        for (worst, other) in worst.phases.iter_mut().zip(other.phases) {
            *worst = worst.worst(other);
        }
        worst.early += other.early;
        worst.lost = worst.lost.max(other.lost);
        worst
    });
    worst.expect("there are seeds")
}

fn once(
    sender: Sender,
    kind: QuotaKind,
    form: RetryAfterForm,
    course: Course,
    seed: u64,
) -> Outcome {
    let config = tenant(kind, form, course, seed);
    let (quota, latency) = (config.quota.clone(), config.latency.clone());
    let mut tenant = Tenant::new(config);
    let lost = match sender {
        Sender::Engine(dispatch) => {
            run(settings(dispatch, seed), &mut tenant, &mut Until(END));
            0
        }
        Sender::Oracle(dispatch) => {
            let ceiling = CEILING * WINDOW / 1_000_000;
            Oracle::new(quota.clone(), latency, ceiling).run(dispatch, &mut tenant, END, seed);
            0
        }
        Sender::Other(kind) => clients::run(kind, &mut tenant, END, seed),
    };
    let statistics = tenant.statistics();
    let measure = |from: u64, to: u64| measured(statistics, allowed(&quota, from), from, to);
    let first = statistics
        .admitted_per_second
        .iter()
        .position(|count| *count > 0)
        .unwrap_or(0) as u64
        * 1_000;
    let phases = match course {
        Course::Steady(_) => vec![measure(first + 3 * WINDOW, END - 1_000)],
        Course::Changing => vec![
            measure(HALVED, HALVED + 5 * WINDOW),
            measure(HALVED + 5 * WINDOW, DOUBLED),
            measure(DOUBLED + 10 * WINDOW, END - 1_000),
        ],
    };
    Outcome {
        phases,
        early: statistics.early_calls,
        lost,
    }
}

/// What is allowed in a window at this time: the quota, and no more than the ceiling.
pub(crate) fn allowed(quota: &Quota, at: u64) -> u64 {
    quota.limit_at(at).min(CEILING * WINDOW / 1_000_000)
}

/// What was used of what is allowed in this time, and what was throttled of what was sent.
pub(crate) fn measured(statistics: &Statistics, allowed: u64, from: u64, to: u64) -> Measure {
    let sum = |per_second: &[u32]| -> f64 {
        let seconds = usize::try_from(from / 1_000).unwrap_or(usize::MAX)
            ..usize::try_from(to / 1_000).unwrap_or(0);
        seconds
            .map(|second| per_second.get(second).copied().map_or(0.0, f64::from))
            .sum()
    };
    let (admitted, rejected) = (
        sum(&statistics.admitted_per_second),
        sum(&statistics.rejected_per_second),
    );
    let windows = (to - from) as f64 / WINDOW as f64;
    Measure {
        used: 100.0 * admitted / (allowed as f64 * windows),
        throttled: 100.0 * rejected / (admitted + rejected).max(1.0),
    }
}

/// Whether a response names a time, in a column `Retry-After`.
pub(crate) fn names_time(form: RetryAfterForm) -> &'static str {
    match form {
        RetryAfterForm::Missing => "no",
        _ => "yes",
    }
}

/// The tenant of a run.
pub(crate) fn tenant(kind: QuotaKind, form: RetryAfterForm, course: Course, seed: u64) -> Config {
    let limit = |limit| NonZeroU32::new(limit).expect("no course has a quota of 0");
    let mut config = Config {
        seed,
        started_at: Some(STARTED_AT),
        ..Config::default()
    };
    config.fleet.devices = 40_000;
    config.tokens.fixed = Some(clients::TOKEN.to_owned());
    config.quota.kind = kind;
    config.retry_after.form = form;
    config.latency = Latency {
        min_ms: 100,
        max_ms: 400,
    };
    match course {
        Course::Steady(quota) => config.quota.limit = limit(quota),
        Course::Changing => {
            let change = |at_ms, quota| QuotaChange {
                at_ms,
                limit: limit(quota),
            };
            config.quota.changes = vec![change(HALVED, 100), change(DOUBLED, 200)];
        }
    }
    config
}

/// The settings of a run at the quota.
pub(crate) fn settings(dispatch: Dispatch, seed: u64) -> Settings {
    Settings {
        dispatch,
        pace: Pace::Quota,
        ceiling: CEILING,
        selection: Selection {
            order: Order::Stalest,
            ..Selection::default()
        },
        started_at: STARTED_AT,
        seed,
        ..Settings::default()
    }
}

struct Until(u64);

impl Observer for Until {
    fn settled(&mut self, now: u64, run: &mut Run, _tenant: &Tenant) -> bool {
        if now >= self.0 {
            run.stop();
        }
        true
    }
}
