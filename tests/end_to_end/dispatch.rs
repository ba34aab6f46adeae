//! The three ways in which syncs are put into requests, and how one falls back to another.

use std::num::NonZeroU32;

use intune_sync_simulator::{BulkCost, BulkRefusal, Config, QuotaKind, Statistics};
use serde_json::Value;

use crate::{
    books::{balance_to_the_device, each, number},
    tenant::{Tenant, healthy},
};

#[test]
fn single_sends_several_at_once() {
    let mut config = healthy(120);
    config.latency.min_ms = 20;
    config.latency.max_ms = 20;
    let books = completed(config, "single").1;
    assert_eq!(books.requests.sync, 120);
    assert_eq!(books.requests.batch + books.requests.execute_action, 0);
    assert!(books.most_in_flight > 1, "{books:?}");
    assert!(books.most_in_flight <= 32, "{books:?}");
}

#[test]
fn batch_sends_twenty_in_a_request_and_several_requests_at_once() {
    let mut config = healthy(330);
    config.latency.min_ms = 20;
    config.latency.max_ms = 20;
    let books = completed(config, "batch").1;
    assert_eq!(books.requests.batch, 1 + 17, "4 devices, then 20 each");
    assert_eq!(books.requests.sync + books.requests.execute_action, 0);
    assert!(books.most_in_flight > 1, "{books:?}");
    assert!(books.most_in_flight <= 16, "{books:?}");
}

#[test]
fn batch_is_the_default() {
    let tenant = Tenant::new(healthy(50));
    let (_, account) = tenant.sync().json();
    let books = balance_to_the_device(&tenant, &account);
    assert_eq!((books.requests.batch, books.requests.sync), (4, 0));
}

#[test]
fn bulk_sends_a_hundred_in_a_call_wrapped_or_bare() {
    each([false, true], |wrapped| {
        let mut config = healthy(330);
        config.bulk.wrapped = wrapped;
        let books = completed(config, "bulk").1;
        assert_eq!(
            books.requests.execute_action,
            1 + 4,
            "4 devices, then 100 each"
        );
        assert_eq!(books.requests.sync + books.requests.batch, 0);
    });
}

#[test]
fn bulk_that_costs_a_call_needs_a_hundredth_of_the_quota() {
    let mut config = quota(900, 10);
    config.bulk.cost = BulkCost::Call;
    let (account, books) = completed(config, "bulk");
    assert_eq!(books.requests.execute_action, 1 + 9);
    assert_eq!(number(&account, "ThrottledCount"), 0);
}

#[test]
fn bulk_that_costs_each_device_is_slowed_down() {
    let mut config = quota(450, 150);
    config.bulk.cost = BulkCost::Device;
    let (account, books) = completed(config, "bulk");
    assert!(books.throttled_requests > 0, "{books:?}");
    assert_eq!(number(&account, "ThrottledCount"), books.throttled_requests);
    assert_eq!(books.requests.sync + books.requests.batch, 0);
}

#[test]
fn bulk_that_is_too_large_is_halved() {
    each([false, true], |too_large| {
        let mut config = healthy(300);
        config.bulk.max_ids = NonZeroU32::new(30).expect("not 0");
        config.bulk.too_large = too_large;
        let (account, books) = completed(config, "bulk");
        // The first 4, then 100, 50, and 25 in each.
        assert_eq!(books.requests.execute_action, 1 + 2 + 12, "{books:?}");
        assert_eq!(books.requests.sync + books.requests.batch, 0);
        assert_eq!(number(&account, "RetryCount"), 0);
    });
}

#[test]
fn bulk_that_is_refused_falls_back_to_batches() {
    let refusals = [
        // 400 may mean that it is too large: 4, 2, 1.
        (BulkRefusal::BadRequest, 3),
        (BulkRefusal::Forbidden, 1),
        (BulkRefusal::NotFound, 1),
    ];
    each(refusals, |(refusal, calls)| {
        let mut config = healthy(300);
        config.bulk.refusal = Some(refusal);
        let tenant = Tenant::new(config);
        let (finished, lines) = tenant
            .sync()
            .args(["--dispatch", "bulk", "--batch-size", "300"])
            .jsonl();
        assert_eq!(finished.code, 0, "{refusal:?}: {finished:?}");
        let account = lines.last().expect("a summary");
        let books = balance_to_the_device(&tenant, account);
        assert_eq!(books.requests.execute_action, calls, "{refusal:?}");
        assert_eq!(books.requests.batch, 1 + 15, "{refusal:?}");
        assert_eq!(books.requests.sync, 0, "{refusal:?}");
        let told = lines.iter().any(|line| {
            let message = line["message"].as_str().unwrap_or_default();
            line["event"] == "notice" && message.contains("batches are used")
        });
        assert!(told, "{refusal:?}: {lines:?}");
    });
}

fn quota(devices: u32, limit: u32) -> Config {
    let mut config = healthy(devices);
    config.quota.kind = QuotaKind::Fixed;
    config.quota.limit = NonZeroU32::new(limit).expect("not 0");
    // Longer than such a run takes, where it is to be enough for all; else a few of them.
    let window = if limit < 100 { 60_000 } else { 2_000 };
    config.quota.window_ms = NonZeroU32::new(window).expect("not 0");
    config.retry_after.grace_ms = 200;
    config
}

/// A run in one batch after which each device was synced once.
fn completed(config: Config, dispatch: &str) -> (Value, Statistics) {
    let tenant = Tenant::new(config);
    let (finished, account) = tenant
        .sync()
        .args(["--dispatch", dispatch, "--batch-size", "1000"])
        .json();
    assert_eq!(finished.code, 0, "{dispatch}: {finished:?}");
    let books = balance_to_the_device(&tenant, &account);
    assert_eq!(books.devices_synced_more_than_once, 0, "{books:?}");
    (account, books)
}
