//! How long the tenant takes for a large fleet.

use std::time::Duration;

use intune_sync_simulator::{Latency, QuotaKind, Tenant};

use crate::{
    client::config,
    tenant::{request, seen},
};

#[test]
#[ignore = "takes some seconds and measures the machine too"]
fn a_million_devices_take_a_second_or_two() {
    let mut config = config(1_000_000);
    config.quota.kind = QuotaKind::Off;
    config.requests.kind = QuotaKind::Off;
    config.latency = Latency {
        min_ms: 100,
        max_ms: 500,
    };
    let mut tenant = Tenant::new(config);
    let pages = (0..1_000_u64).map(|page| {
        let properties =
            "id,deviceName,operatingSystem,complianceState,managementAgent,lastSyncDateTime";
        let path = format!(
            "/v1.0/deviceManagement/managedDevices?$select={properties}&$skiptoken={:08x}{:08x}{:08x}",
            page + 1,
            page.saturating_sub(1) * 1_000,
            page * 1_000
        );
        request("GET", &path, page, String::new())
    });
    let batches = (0..50_000).map(|batch| {
        let items: Vec<String> = (0..20)
            .map(|item| {
                let id = tenant.device_id(batch * 20 + item).expect("a million");
                format!(
                    r#"{{"id":"{item}","method":"POST","url":"/deviceManagement/managedDevices/{id}/syncDevice"}}"#
                )
            })
            .collect();
        let body = format!(r#"{{"requests":[{}]}}"#, items.join(","));
        request("POST", "/v1.0/$batch", 1_000 + u64::from(batch), body)
    });
    let requests: Vec<_> = pages.chain(batches).collect();
    let started = std::time::Instant::now();
    let mut bytes = 0;
    for (number, request) in requests.into_iter().enumerate() {
        tenant.send(20 * number as u64, request);
        for (_, response) in tenant.advance(20 * number as u64) {
            let (status, _, body) = seen(response).expect("nothing is dropped");
            assert_eq!(status, 200);
            bytes += body.len();
        }
    }
    tenant.advance(2_000_000);
    let took = started.elapsed();
    assert_eq!(tenant.statistics().devices_synced_once, 1_000_000);
    assert!(bytes > 200_000_000, "{bytes}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}
