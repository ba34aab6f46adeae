//! Runs without faults: every device is synced once and counted once.

use crate::tenant::{Tenant, healthy};

#[test]
fn every_device_is_synced_once_and_counted_once() {
    let tenant = Tenant::new(healthy(500));
    let (finished, json) = tenant.sync().json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(
        (
            &json["TotalDevices"],
            &json["SuccessCount"],
            &json["ErrorCount"]
        ),
        (&500.into(), &500.into(), &0.into())
    );
    assert_eq!(json["BatchesProcessed"], 10);
    let statistics = tenant.statistics();
    assert_eq!(statistics.syncs_accepted, 500);
    assert_eq!(statistics.devices_synced_once, 500);
    assert_eq!(statistics.forbidden_writes, 0);
}
