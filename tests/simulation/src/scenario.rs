//! A tenant and the settings of a run, drawn from one number.

use std::num::NonZeroU32;

use fastrand::Rng;
use intune_sync_engine::contract::{Dispatch, Order, Pace, Purpose, Selection, Settings};
use intune_sync_simulator::{
    BulkConfig, BulkCost, BulkRefusal, Config, ErrorStyle, FaultsConfig, FleetConfig, Latency,
    ListConfig, Quota, QuotaChange, QuotaKind, RetryAfterConfig, RetryAfterForm, Share,
    TokensConfig,
};

/// 2026-11-23T04:50:00Z, in milliseconds since 1970.
const STARTED_AT: u64 = 1_795_409_400_000;

/// Everything that a simulated run depends on. Its `Debug` form prints it all.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The number that it was drawn from.
    pub seed: u64,
    /// The tenant.
    pub tenant: Config,
    /// The settings of the run.
    pub settings: Settings,
    /// When the run is stopped, in milliseconds since its start.
    pub stop_at: Option<u64>,
}

impl Scenario {
    /// Draws a scenario. The same number gives the same one.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let tenant = tenant(seed, &mut random);
        Self {
            seed,
            settings: settings(seed, &mut random),
            stop_at: chance(&mut random, 8).then(|| random.u64(0..90_000)),
            tenant,
        }
    }

    /// Whether all faults pass: every device ends as its kind says, if the run goes on to its end.
    #[must_use]
    pub fn faults_pass(&self) -> bool {
        self.tenant.faults.first_attempts.is_some()
    }
}

fn settings(seed: u64, random: &mut Rng) -> Settings {
    Settings {
        purpose: if chance(random, 3) {
            Purpose::Plan
        } else {
            Purpose::Sync
        },
        batch_size: pick(random, &[1, 7, 20, 50, 50, 130, 10_000]),
        batch_delay: pick(random, &[0, 100, 1_000, 10_000, 10_000, 45_500]),
        max_retries: pick(random, &[5, 5, 8, 30]),
        initial_backoff: pick(random, &[0, 100, 1_000, 5_000, 5_000]),
        dispatch: pick(random, &[Dispatch::Single, Dispatch::Batch, Dispatch::Bulk]),
        pace: pick(random, &[Pace::Fixed, Pace::Quota]),
        ceiling: pick(random, &[2_000, 9_750, 9_750, 9_750, 50_000, 1_000_000_000]),
        selection: Selection {
            limit: chance(random, 10).then(|| random.u32(1..300)),
            order: pick(random, &[Order::Stalest, Order::Listed]),
            include_unsupported: random.bool(),
            ..Selection::default()
        },
        started_at: STARTED_AT,
        seed,
        ..Settings::default()
    }
}

fn tenant(seed: u64, random: &mut Rng) -> Config {
    Config {
        seed,
        started_at: Some(STARTED_AT),
        fleet: fleet(random),
        list: ListConfig {
            page_size: pick(random, &[non_zero(20), non_zero(150), non_zero(1_000)]),
            duplicates: share(random, 5),
            late: share(random, 5),
            empty_pages: share(random, 10),
            ..ListConfig::default()
        },
        quota: quota(random),
        retry_after: RetryAfterConfig {
            form: pick(
                random,
                &[
                    RetryAfterForm::Seconds,
                    RetryAfterForm::Seconds,
                    RetryAfterForm::Decimal,
                    RetryAfterForm::Date,
                    RetryAfterForm::Body,
                    RetryAfterForm::Missing,
                    RetryAfterForm::Mixed,
                    RetryAfterForm::List,
                    RetryAfterForm::Suffixed,
                ],
            ),
            min_ms: pick(random, &[1, 500, 1_000, 1_000, 7_300]),
            unavailable_ms: pick(random, &[500, 2_000, 30_000]),
            early_penalty_ms: pick(random, &[0, 0, 5_000]),
            ..RetryAfterConfig::default()
        },
        latency: latency(random),
        faults: faults(random),
        bulk: BulkConfig {
            refusal: chance(random, 20).then(|| {
                pick(
                    random,
                    &[
                        BulkRefusal::BadRequest,
                        BulkRefusal::Forbidden,
                        BulkRefusal::NotFound,
                    ],
                )
            }),
            max_ids: pick(
                random,
                &[non_zero(13), non_zero(50), non_zero(100), non_zero(100)],
            ),
            too_large: random.bool(),
            wrapped: random.bool(),
            cost: pick(random, &[BulkCost::Call, BulkCost::Device]),
        },
        tokens: TokensConfig {
            lifetime_seconds: pick(random, &[40, 300, 3_600, 86_400, 86_400, 86_400]),
            revoke_after_writes: if chance(random, 30) {
                vec![random.u64(1..50), random.u64(60..300)]
            } else {
                Vec::new()
            },
            role_lost_after_writes: chance(random, 4).then(|| random.u64(0..200)),
            ..TokensConfig::default()
        },
        error_style: pick(
            random,
            &[ErrorStyle::Plain, ErrorStyle::Intune, ErrorStyle::Mixed],
        ),
        ..Config::default()
    }
}

fn fleet(random: &mut Rng) -> FleetConfig {
    FleetConfig {
        devices: match random.u8(0..20) {
            0 => random.u32(0..3),
            1..=15 => random.u32(3..250),
            16..=18 => random.u32(250..700),
            _ => random.u32(700..1_500),
        },
        unsyncable_agents: share(random, 5),
        unsyncable_states: share(random, 5),
        never_synced: share(random, 10),
        sparse: share(random, 20),
        gone: share(random, 8),
        unsupported: share(random, 8),
        failing: rarely(random),
        forbidden: rarely(random),
        unauthorized: rarely(random),
        ..FleetConfig::default()
    }
}

/// Mostly nothing, else up to four percent.
fn rarely(random: &mut Rng) -> Share {
    if chance(random, 10) {
        share(random, 4)
    } else {
        Share::NONE
    }
}

fn quota(random: &mut Rng) -> Quota {
    let limits = [15, 40, 90, 130, 200, 200, 200, 400];
    let change = |random: &mut Rng| QuotaChange {
        at_ms: random.u64(5_000..120_000),
        limit: non_zero(pick(random, &limits)),
    };
    Quota {
        kind: pick(
            random,
            &[QuotaKind::Fixed, QuotaKind::Sliding, QuotaKind::Bucket],
        ),
        limit: non_zero(pick(random, &limits)),
        changes: (0..random.u8(0..3)).map(|_| change(random)).collect(),
        count_rejected: random.bool(),
        neighbour: if random.bool() {
            share(random, 80)
        } else {
            Share::NONE
        },
        neighbour_period_ms: pick(random, &[0, 7_000, 60_000]),
        ..Quota::default()
    }
}

fn latency(random: &mut Rng) -> Latency {
    let (min_ms, max_ms) = pick(
        random,
        &[
            (0, 0),
            (0, 10),
            (20, 300),
            (100, 800),
            (100, 800),
            (500, 6_000),
        ],
    );
    Latency { min_ms, max_ms }
}

fn faults(random: &mut Rng) -> FaultsConfig {
    if chance(random, 25) {
        return FaultsConfig::default();
    }
    FaultsConfig {
        single: share(random, 12),
        envelope: share(random, 12),
        item: share(random, 8),
        page: share(random, 12),
        bulk: share(random, 12),
        bulk_device: share(random, 8),
        drop_before: share(random, 6),
        drop_after: share(random, 6),
        html: share(random, 5),
        html_spliced: share(random, 5),
        item_lost: share(random, 5),
        items_shuffled: share(random, 100),
        item_false_429: share(random, 3),
        envelope_424: share(random, 4),
        error_200: share(random, 4),
        mangled: share(random, 10),
        proxy_403: share(random, 3),
        first_attempts: chance(random, 60).then(|| random.u16(1..4)),
        ..FaultsConfig::default()
    }
}

fn chance(random: &mut Rng, percent: u8) -> bool {
    random.u8(0..100) < percent
}

/// Nothing half of the time, else anything up to `most` percent.
fn share(random: &mut Rng, most: u8) -> Share {
    if random.bool() {
        Share::percent(random.u8(0..=most))
    } else {
        Share::NONE
    }
}

fn pick<T: Copy>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(0..from.len())]
}

fn non_zero(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN)
}
