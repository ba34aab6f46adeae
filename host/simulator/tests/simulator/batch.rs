//! `$batch`.

use std::{collections::BTreeMap, num::NonZeroU32};

use intune_sync_simulator::{Fault, QuotaKind, RetryAfterForm, Share};
use serde_json::{Value, json};

use crate::client::{Client, config};

/// The status of each item, by its id.
fn statuses(items: &[Value]) -> BTreeMap<String, u64> {
    let status = |item: &Value| {
        (
            crate::client::text(&item["id"]),
            item["status"].as_u64().expect("a status"),
        )
    };
    items.iter().map(status).collect()
}

#[tokio::test(start_paused = true)]
async fn each_item_has_its_own_response() {
    let mut config = config(40);
    config.fleet.gone = Share::percent(30);
    let client = Client::new(config);
    let gone = client
        .simulator
        .devices(Some("gone"))
        .expect("a known outcome");
    let response = client.batch(0..20).await;
    assert_eq!(response.status, 200);
    let statuses = statuses(&response.items());
    assert_eq!(statuses.len(), 20);
    for index in 0..20 {
        let expected = if gone.contains_key(&client.id(index)) {
            404
        } else {
            204
        };
        assert_eq!(statuses[&index.to_string()], expected);
    }
    assert!(statuses.values().any(|status| *status == 404));
    assert_eq!(client.statistics().syncs_requested, 20);
    client.batch(0..1).await;
    assert_eq!(client.statistics().repeated_after_known_outcome, 1);
}

#[tokio::test(start_paused = true)]
async fn invalid_batches_are_rejected() {
    let client = Client::new(config(40));
    let url = format!(
        "/deviceManagement/managedDevices/{}/syncDevice",
        client.id(0)
    );
    let item = |id: &str, url: &str| json!({"id": id, "method": "POST", "url": url});
    assert_eq!(client.batch(0..21).await.status, 400);
    assert_eq!(client.batch_of(vec![]).await.status, 400);
    assert_eq!(
        client
            .batch_of(vec![item("a", &url), item("A", &url)])
            .await
            .status,
        400
    );
    assert_eq!(
        client
            .batch_of(vec![item(
                "a",
                &format!("https://graph.microsoft.com/v1.0{url}")
            )])
            .await
            .status,
        400
    );
    assert_eq!(
        client
            .request("POST", "/v1.0/$batch", "nonsense".into())
            .await
            .status,
        400
    );
    let items = client
        .batch_of(vec![
            item("a", &format!("/v1.0{url}")),
            item("b", "/$batch"),
        ])
        .await
        .items();
    assert_eq!(
        items.iter().map(|item| &item["status"]).collect::<Vec<_>>(),
        [400, 400]
    );
    let statistics = client.statistics();
    assert_eq!(
        (statistics.syncs_accepted, statistics.forbidden_writes),
        (0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn items_are_throttled_individually() {
    let mut config = config(40);
    config.quota.kind = QuotaKind::Fixed;
    config.quota.limit = NonZeroU32::new(15).expect("not 0");
    config.retry_after.form = RetryAfterForm::Decimal;
    let client = Client::new(config);
    let items = client.batch(0..20).await.items();
    let (through, throttled): (Vec<&Value>, _) =
        items.iter().partition(|item| item["status"] == 204);
    assert_eq!((through.len(), throttled.len()), (15, 5));
    for item in throttled {
        assert_eq!(item["status"], 429);
        let headers = item["headers"].as_object().expect("headers");
        let (_, wait) = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
            .expect("a wait");
        assert_eq!(wait, "20.000");
        assert_eq!(item["body"]["error"]["code"], "TooManyRequests");
    }
    let statistics = client.statistics();
    assert_eq!(
        (
            statistics.throttled_items,
            statistics.throttled_requests,
            statistics.syncs_accepted
        ),
        (5, 0, 15)
    );
    assert_eq!(
        (
            statistics.most_admitted_in_window,
            statistics.most_attempted_in_window
        ),
        (15, 20)
    );
    assert_eq!(statistics.admitted_per_second, [15]);
    assert_eq!(statistics.rejected_per_second, [5]);
    // The outcome of throttled items is not known, so they may be sent again; but not this early.
    tokio::time::advance(std::time::Duration::from_millis(2_999)).await;
    client.batch(15..20).await;
    client.sync(&client.id(15)).await;
    let statistics = client.statistics();
    assert_eq!(statistics.repeated_after_known_outcome, 0);
    assert_eq!(statistics.admitted_per_second, [15]);
    assert_eq!(statistics.rejected_per_second, [5, 0, 6]);
}

#[tokio::test(start_paused = true)]
async fn items_are_shuffled_lost_and_failed() {
    let mut config = config(400);
    config.faults.items_shuffled = Share::ALL;
    config.faults.item_lost = Share::percent(20);
    config.faults.item = Share::percent(20);
    config.faults.statuses = vec![503];
    let client = Client::new(config);
    let mut shuffled = false;
    let (mut lost, mut failed) = (0, 0);
    for batch in 0..10 {
        let items = client.batch(batch * 20..batch * 20 + 20).await.items();
        let ids: Vec<u32> = items
            .iter()
            .map(|item| crate::client::text(&item["id"]).parse().expect("a number"))
            .collect();
        shuffled |= !ids.is_sorted();
        lost += 20 - items.len() as u64;
        failed += items.iter().filter(|item| item["status"] == 503).count() as u64;
    }
    assert!(shuffled);
    let faults = client.statistics().faults;
    assert_eq!(faults[&Fault::ItemLost], lost);
    assert!((20..70).contains(&lost), "{lost}");
    // Some of those that failed were lost.
    assert!(failed <= faults[&Fault::Item] && failed > 15, "{failed}");
    assert_eq!(
        client.statistics().syncs_accepted,
        200 - faults[&Fault::Item]
    );
}

#[tokio::test(start_paused = true)]
async fn a_false_429_is_executed_and_may_be_sent_again() {
    let mut config = config(20);
    config.faults.item_false_429 = Share::ALL;
    config.faults.first_attempts = Some(1);
    let client = Client::new(config);
    let items = client.batch(0..20).await.items();
    assert!(items.iter().all(|item| item["status"] == 429));
    assert_eq!(client.statistics().syncs_accepted, 20);
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    let items = client.batch(0..20).await.items();
    assert!(items.iter().all(|item| item["status"] == 204));
    let statistics = client.statistics();
    assert_eq!(
        (
            statistics.syncs_accepted,
            statistics.devices_synced_more_than_once
        ),
        (40, 20)
    );
    assert_eq!(
        (
            statistics.repeated_after_known_outcome,
            statistics.early_calls
        ),
        (0, 0)
    );
}
