//! `executeAction`.

use std::num::NonZeroU32;

use intune_sync_simulator::{BulkCost, BulkRefusal, Fault, QuotaKind, Share};

use crate::client::{Client, config};

fn ids(client: &Client, count: u32) -> Vec<String> {
    (0..count).map(|index| client.id(index)).collect()
}

#[tokio::test(start_paused = true)]
async fn devices_are_returned_by_outcome() {
    for wrapped in [false, true] {
        let mut config = config(100);
        config.fleet.gone = Share::percent(20);
        config.fleet.unsupported = Share::percent(20);
        config.fleet.failing = Share::percent(10);
        config.faults.bulk_device = Share::percent(20);
        config.bulk.wrapped = wrapped;
        let client = Client::new(config);
        let response = client.execute_action("syncDevice", ids(&client, 100)).await;
        assert_eq!(response.status, 200);
        let body = response.json();
        let body = if wrapped { &body["value"] } else { &body };
        let count = |name: &str| body[name].as_array().expect("a list of ids").len() as u64;
        let outcome = |name| {
            client
                .simulator
                .devices(Some(name))
                .expect("a known outcome")
                .len() as u64
        };
        let statistics = client.statistics();
        assert_eq!(count("notFoundDeviceIds"), outcome("gone"));
        assert_eq!(count("notSupportedDeviceIds"), outcome("unsupported"));
        assert_eq!(
            count("failedDeviceIds"),
            outcome("failing") + statistics.faults[&Fault::BulkDevice]
        );
        assert_eq!(count("successfulDeviceIds"), statistics.syncs_accepted);
        assert!(statistics.syncs_accepted > 20);
        assert_eq!(statistics.syncs_requested, 100);
        client.execute_action("syncDevice", ids(&client, 100)).await;
        let failed = count("failedDeviceIds");
        assert_eq!(
            client.statistics().repeated_after_known_outcome,
            100 - failed
        );
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_ids_fail_as_a_whole() {
    for (too_large, status) in [(false, 400), (true, 413)] {
        let mut config = config(100);
        config.bulk.max_ids = NonZeroU32::new(50).expect("not 0");
        config.bulk.too_large = too_large;
        let client = Client::new(config);
        assert_eq!(
            client
                .execute_action("syncDevice", ids(&client, 51))
                .await
                .status,
            status
        );
        assert_eq!(client.statistics().syncs_accepted, 0);
        assert_eq!(
            client
                .execute_action("syncDevice", ids(&client, 50))
                .await
                .status,
            200
        );
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_refused_if_configured() {
    let refusals = [
        (BulkRefusal::BadRequest, 400),
        (BulkRefusal::Forbidden, 403),
        (BulkRefusal::NotFound, 404),
    ];
    for (refusal, status) in refusals {
        let mut config = config(1);
        config.bulk.refusal = Some(refusal);
        let client = Client::new(config);
        assert_eq!(
            client
                .execute_action("syncDevice", ids(&client, 1))
                .await
                .status,
            status
        );
        assert_eq!(client.sync(&client.id(0)).await.status, 204);
        assert_eq!(client.statistics().repeated_after_known_outcome, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn it_costs_one_per_call_or_one_per_device() {
    for (cost, calls) in [(BulkCost::Call, 10), (BulkCost::Device, 3)] {
        let mut config = config(100);
        config.quota.kind = QuotaKind::Sliding;
        config.quota.limit = NonZeroU32::new(10).expect("not 0");
        config.bulk.cost = cost;
        let client = Client::new(config);
        let mut through = 0;
        while client
            .execute_action("syncDevice", ids(&client, 3))
            .await
            .status
            == 200
        {
            through += 1;
        }
        assert_eq!(through, calls);
        assert_eq!(client.statistics().throttled_requests, 1);
    }
}
