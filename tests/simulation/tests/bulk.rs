//! The bulk action where the quota counts each device of a call.

use intune_sync_engine::{
    Run,
    contract::{Dispatch, Pace, Settings},
};
use intune_sync_simulation::{Observer, run};
use intune_sync_simulator::{BulkCost, Config, Latency, QuotaKind, Tenant};

/// What has been admitted by a moment, in milliseconds.
struct Admitted {
    at: u64,
    by_then: Option<u32>,
}

impl Observer for Admitted {
    fn settled(&mut self, now: u64, _run: &mut Run, tenant: &Tenant) -> bool {
        if now >= self.at && self.by_then.is_none() {
            self.by_then = Some(tenant.statistics().admitted_per_second.iter().sum());
        }
        true
    }
}

/// What a throttled call has cost is found again, although each response takes up to 800 ms: small requests look for
/// the limit, and many of them have to be in flight.
#[test]
fn the_full_quota_is_found_again_after_a_call_was_throttled() {
    const DEVICES: u32 = 10_000;
    for kind in [QuotaKind::Fixed, QuotaKind::Sliding, QuotaKind::Bucket] {
        let mut config = Config::default();
        config.fleet.devices = DEVICES;
        config.quota.kind = kind;
        config.bulk.cost = BulkCost::Device;
        config.latency = Latency {
            min_ms: 100,
            max_ms: 800,
        };
        let mut tenant = Tenant::new(config);
        let settings = Settings {
            dispatch: Dispatch::Bulk,
            pace: Pace::Quota,
            ceiling: 9_750,
            ..Settings::default()
        };
        let mut admitted = Admitted {
            at: 400_000,
            by_then: None,
        };
        let summary = run(settings, &mut tenant, &mut admitted);
        assert_eq!(summary.success, DEVICES);
        let rejected: u32 = tenant.statistics().rejected_per_second.iter().sum();
        assert_eq!(rejected, 100, "{kind:?}: one call, by which it is learned");
        let rest = u64::from(DEVICES - admitted.by_then.expect("it takes longer"));
        let rate = rest * 1_000_000 / (summary.duration - 400_000);
        assert!(rate > 9_500, "{kind:?}: {rate} in 1,000 seconds");
    }
}
