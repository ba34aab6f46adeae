//! What is tried again, how often and after which wait, and what happens to a device that still fails.

use std::collections::BTreeMap;

use intune_sync_simulator::{Fault, Share};
use serde_json::Value;

use crate::{
    books::{balance, balance_to_the_device, each, list, number},
    tenant::{Tenant, healthy},
};

#[test]
fn a_device_that_always_fails_is_given_up_and_the_run_goes_on() {
    each(["single", "batch", "bulk"], |dispatch| {
        let mut config = healthy(300);
        config.fleet.failing = Share::percent(5);
        let tenant = Tenant::new(config);
        let (finished, account) = tenant
            .sync()
            .args(["--dispatch", dispatch, "--max-retries", "2"])
            .json();
        assert_eq!(finished.code, 3, "{finished:?}");
        assert_eq!(account["Outcome"], "completed-with-errors");
        let failing = tenant.how_many("failing");
        assert!(failing > 0);
        assert_eq!(number(&account, "ErrorCount"), failing);
        for failure in list(&account, "Failures") {
            assert_eq!(number(failure, "Attempts"), 3, "{dispatch}: {failure}");
            assert_eq!(failure["Status"], 500, "{dispatch}: {failure}");
            assert_eq!(failure["Code"], "InternalServerError", "{failure}");
        }
        let books = balance_to_the_device(&tenant, &account);
        let regular = tenant.how_many("regular");
        assert_eq!(books.syncs_requested, regular + 3 * failing, "{dispatch}");
        assert_eq!(number(&account, "RetryCount"), 2 * failing, "{dispatch}");
    });
}

#[test]
fn without_retries_each_device_is_sent_once() {
    let mut config = healthy(200);
    config.faults.item = Share::percent(20);
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().args(["--max-retries", "0"]).json();
    assert_eq!(finished.code, 3, "{finished:?}");
    let books = balance(&tenant, &account);
    assert_eq!(books.syncs_requested, 200);
    assert_eq!(number(&account, "ErrorCount"), books.faults[&Fault::Item]);
    assert_eq!(number(&account, "SuccessCount"), books.syncs_accepted);
    assert_eq!(number(&account, "RetryCount"), 0);
}

#[test]
fn the_backoff_begins_at_the_initial_one_and_doubles() {
    const INITIAL: f64 = 0.08;
    let mut config = healthy(60);
    config.fleet.failing = Share::ALL;
    let tenant = Tenant::new(config);
    let (finished, lines) = tenant
        .sync()
        .args(["--dispatch", "single", "--batch-size", "60"])
        .args(["--max-retries", "2", "--initial-backoff-seconds", "0.08"])
        .jsonl();
    assert_eq!(finished.code, 3, "{finished:?}");
    let waits = waits(&lines);
    assert_eq!(waits.len(), 120, "two for each device");
    let longest = waits.iter().copied().fold(0.0, f64::max);
    // The jitter is full: none of 60 second waits is in its upper half once in 2^60 runs.
    assert!(longest > INITIAL && longest <= 2.0 * INITIAL, "{waits:?}");
    let in_first = waits.iter().filter(|wait| **wait <= INITIAL).count();
    assert!(in_first >= 60, "the first waits: {waits:?}");
    balance(&tenant, lines.last().expect("a summary"));
}

#[test]
fn no_backoff_is_no_wait() {
    let mut config = healthy(40);
    config.fleet.failing = Share::ALL;
    let tenant = Tenant::new(config);
    let (_, lines) = tenant
        .sync()
        .args(["--dispatch", "single", "--initial-backoff-seconds", "0"])
        .jsonl();
    let waits = waits(&lines);
    assert_eq!(waits.len(), 40 * 5, "the default of five retries");
    assert!(waits.iter().all(|wait| *wait == 0.0), "{waits:?}");
}

#[test]
fn each_status_that_passes_is_tried_again_wherever_it_comes() {
    type Sets = fn(&mut intune_sync_simulator::FaultsConfig);
    let places: [(&str, Sets); 5] = [
        ("single", |faults| faults.single = Share::percent(40)),
        ("batch", |faults| faults.item = Share::percent(40)),
        ("batch", |faults| faults.envelope = Share::percent(40)),
        ("bulk", |faults| faults.bulk = Share::percent(60)),
        ("bulk", |faults| faults.bulk_device = Share::percent(40)),
    ];
    let met = [
        Fault::Single,
        Fault::Item,
        Fault::Envelope,
        Fault::Bulk,
        Fault::BulkDevice,
    ];
    each(places.into_iter().zip(met), |((dispatch, set), fault)| {
        let mut config = healthy(300);
        config.faults.statuses = vec![408, 500, 502, 503, 504, 507, 509];
        config.faults.unavailable_retry_after = Share::NONE;
        config.faults.first_attempts = Some(2);
        set(&mut config.faults);
        let tenant = Tenant::new(config);
        let (finished, account) = tenant
            .sync()
            .args(["--dispatch", dispatch, "--batch-size", "300"])
            .json();
        assert_eq!(finished.code, 0, "{fault:?}: {finished:?}");
        let books = balance_to_the_device(&tenant, &account);
        assert!(books.faults[&fault] > 0, "{fault:?}: {books:?}");
        assert_eq!(books.devices_synced_more_than_once, 0, "{fault:?}");
        assert!(number(&account, "RetryCount") > 0, "{fault:?}");
    });
}

#[test]
fn a_page_that_fails_is_read_again() {
    let mut config = healthy(1_000);
    config.faults.page = Share::percent(40);
    config.faults.unavailable_retry_after = Share::NONE;
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().args(["--max-retries", "20"]).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    let books = balance_to_the_device(&tenant, &account);
    let failed = books.faults[&Fault::Page];
    assert!(failed > 0);
    assert_eq!(books.requests.list, 10 + failed);
    assert_eq!(number(&account, "RetryCount"), failed);
}

#[test]
fn a_definite_outcome_is_not_tried_again() {
    each(["single", "batch", "bulk"], |dispatch| {
        let mut config = healthy(300);
        config.fleet.gone = Share::percent(6);
        config.fleet.unsupported = Share::percent(6);
        let tenant = Tenant::new(config);
        let (finished, account) = tenant.sync().args(["--dispatch", dispatch]).json();
        assert_eq!(finished.code, 3, "{finished:?}");
        let books = balance_to_the_device(&tenant, &account);
        assert_eq!(books.syncs_requested, 300, "{dispatch}");
        assert!(tenant.how_many("gone") > 0 && tenant.how_many("unsupported") > 0);
        assert_eq!(number(&account, "GoneCount"), tenant.how_many("gone"));
        let unsupported = tenant.simulator.devices(Some("unsupported"));
        let unsupported = unsupported.expect("an outcome");
        assert_eq!(number(&account, "ErrorCount"), unsupported.len() as u64);
        for failure in list(&account, "Failures") {
            let text = |key: &str| failure[key].as_str().expect("a text");
            assert!(unsupported.contains_key(text("Id")), "{failure}");
            assert!(!text("Name").is_empty(), "{failure}");
            assert_eq!(number(failure, "Attempts"), 1, "{failure}");
            assert_eq!(text("ClientRequestId").len(), 36, "{failure}");
            if dispatch == "bulk" {
                assert_eq!(text("Code"), "notSupported", "{failure}");
            } else {
                assert_eq!(failure["Status"], 400, "{failure}");
                assert_eq!(text("Code"), "BadRequest", "{failure}");
                assert!(text("Message").contains("not supported"), "{failure}");
                assert_eq!(text("RequestId").len(), 36, "{failure}");
            }
        }
    });
}

#[test]
fn devices_that_are_gone_are_no_error() {
    let mut config = healthy(200);
    config.fleet.gone = Share::percent(10);
    let tenant = Tenant::new(config);
    let (finished, lines) = tenant.sync().jsonl();
    assert_eq!(finished.code, 0, "{finished:?}");
    let account = lines.last().expect("a summary");
    assert_eq!(account["Outcome"], "completed");
    balance_to_the_device(&tenant, account);
    let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["event"] == "device-done") {
        *outcomes
            .entry(line["outcome"].as_str().expect("a word"))
            .or_default() += 1;
    }
    let expected = [
        ("accepted", tenant.how_many("regular")),
        ("gone", tenant.how_many("gone")),
    ];
    assert_eq!(outcomes, BTreeMap::from(expected));
    assert!(tenant.how_many("gone") > 0);
}

/// The waits that were reported, in seconds.
fn waits(lines: &[Value]) -> Vec<f64> {
    let retrying = lines.iter().filter(|line| line["event"] == "retrying");
    retrying
        .map(|line| line["waitSeconds"].as_f64().expect("a number"))
        .collect()
}
