//! The scenario of a rehearsal: the run, and the simulated tenant.

use std::num::NonZeroU32;

use intune_sync_rehearsal::Scenario;
use intune_sync_settings::Given;
use intune_sync_simulator::{BulkCost, Config, Latency, QuotaKind, Share};

use crate::{
    cli::{self, Limiter, RehearseOptions, TenantOptions},
    commands::sync,
};

/// 2026-01-01T00:00:00Z at all times, so that a rehearsal can be repeated.
const STARTED_AT: u64 = 1_767_225_600_000;

/// A sync, at this pace, of a tenant with this many devices.
pub(super) fn of(options: &RehearseOptions, pace: &Given, devices: u32) -> Scenario {
    let job = options.job(pace.clone());
    Scenario {
        settings: job.settings(STARTED_AT, options.tenant.seed),
        rules: sync::rules(&job),
        tenant: tenant(&options.tenant, devices),
    }
}

/// A fleet in which every device can be synced; the options decide what goes wrong.
fn tenant(options: &TenantOptions, devices: u32) -> Config {
    let mut config = Config {
        seed: options.seed,
        started_at: Some(STARTED_AT),
        latency: Latency {
            min_ms: options.latency.min,
            max_ms: options.latency.max,
        },
        ..Config::default()
    };
    config.fleet.devices = devices;
    config.quota.kind = match options.limiter {
        Limiter::Fixed => QuotaKind::Fixed,
        Limiter::Sliding => QuotaKind::Sliding,
        Limiter::Bucket => QuotaKind::Bucket,
    };
    config.quota.limit = NonZeroU32::new(options.quota).unwrap_or(NonZeroU32::MIN);
    config.quota.neighbour = u8::try_from(options.neighbour).map_or(Share::ALL, Share::percent);
    config.quota.neighbour_period_ms = options
        .neighbour_period
        .map_or(0, |period| u32::try_from(period).unwrap_or(u32::MAX));
    // Ten times the quota for writes, as documented, so that it does not limit a run with a larger `--quota`.
    let any = options.quota.saturating_mul(10);
    config.requests.limit = config
        .requests
        .limit
        .max(NonZeroU32::new(any).unwrap_or(NonZeroU32::MIN));
    let faults = Share::try_from(f64::from(options.faults) / 10_000.0).unwrap_or(Share::ALL);
    config.faults.single = faults;
    config.faults.envelope = faults;
    config.faults.page = faults;
    config.faults.bulk = faults;
    config.bulk.cost = match options.bulk_cost {
        cli::BulkCost::Call => BulkCost::Call,
        cli::BulkCost::Device => BulkCost::Device,
    };
    config
}
