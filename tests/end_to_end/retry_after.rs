//! Throttling: whatever form Retry-After has and however the quota counts, no request comes early, and no device is
//! lost. Early is what arrives during a wait that the simulator has named: `books::balance` checks that there was none.

use std::num::NonZeroU32;

use intune_sync_simulator::{Config, QuotaKind, RetryAfterForm, Share, Statistics};
use serde_json::Value;

use crate::{
    books::{balance, balance_to_the_device, each, number},
    tenant::{Tenant, healthy},
};

/// 160 devices, and a quota of 100 syncs in two seconds: even a slow machine gets beyond it.
fn compressed(kind: QuotaKind, form: RetryAfterForm) -> Config {
    let mut config = healthy(160);
    config.quota.kind = kind;
    config.quota.limit = NonZeroU32::new(100).expect("not 0");
    config.quota.window_ms = NonZeroU32::new(2_000).expect("not 0");
    config.retry_after.form = form;
    // Waits are long compared with the time that a response may take on a busy machine.
    config.retry_after.min_ms = 800;
    config.retry_after.grace_ms = 200;
    config
}

#[test]
fn every_form_of_retry_after_is_kept() {
    let forms = [
        RetryAfterForm::Seconds,
        RetryAfterForm::Decimal,
        RetryAfterForm::Date,
        RetryAfterForm::Body,
        RetryAfterForm::List,
        RetryAfterForm::Suffixed,
        RetryAfterForm::Missing,
        RetryAfterForm::Mixed,
    ];
    let cases = forms
        .into_iter()
        .flat_map(|form| ["single", "batch"].map(|dispatch| (form, dispatch)));
    each(cases, |(form, dispatch)| {
        let config = compressed(QuotaKind::Sliding, form);
        let (lines, _) = throttled(config, dispatch);
        let told = lines.iter().filter(|line| line["event"] == "throttled");
        let named: Vec<bool> = told
            .map(|line| line["named"].as_bool().expect("a truth"))
            .collect();
        match form {
            RetryAfterForm::Missing => assert!(named.iter().all(|named| !named), "{named:?}"),
            RetryAfterForm::Mixed => {}
            _ => assert!(named.iter().all(|named| *named), "{form:?}: {named:?}"),
        }
    });
}

#[test]
fn every_way_of_counting_is_lived_with() {
    let kinds = [QuotaKind::Fixed, QuotaKind::Sliding, QuotaKind::Bucket];
    let cases = kinds
        .into_iter()
        .flat_map(|kind| [(kind, true), (kind, false)]);
    each(cases, |(kind, count_rejected)| {
        let mut config = compressed(kind, RetryAfterForm::Decimal);
        config.quota.count_rejected = count_rejected;
        throttled(config, "batch");
    });
}

#[test]
fn a_neighbour_is_lived_with() {
    each([0, 700], |period| {
        let mut config = compressed(QuotaKind::Sliding, RetryAfterForm::Mixed);
        config.quota.neighbour = Share::percent(50);
        config.quota.neighbour_period_ms = period;
        throttled(config, "batch");
    });
}

#[test]
fn an_early_call_would_cost_more() {
    let mut config = compressed(QuotaKind::Bucket, RetryAfterForm::Seconds);
    config.retry_after.early_penalty_ms = 60_000;
    throttled(config, "single");
}

#[test]
fn quota_pace_keeps_the_waits_too() {
    let config = compressed(QuotaKind::Fixed, RetryAfterForm::Mixed);
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().args(["--pace", "quota"]).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    let books = balance_to_the_device(&tenant, &account);
    assert!(books.throttled_items > 0, "{books:?}");
}

#[test]
fn throttled_pages_of_the_list_are_waited_for() {
    let mut config = healthy(1_000);
    config.requests.kind = QuotaKind::Sliding;
    // 10 pages, one after the other: even a slow machine gets beyond it.
    config.requests.limit = NonZeroU32::new(8).expect("not 0");
    config.requests.window_ms = NonZeroU32::new(3_000).expect("not 0");
    config.retry_after.form = RetryAfterForm::Decimal;
    config.retry_after.min_ms = 500;
    config.retry_after.grace_ms = 100;
    let tenant = Tenant::new(config);
    let (finished, plan) = tenant.plan().args(["--max-retries", "0"]).json();
    assert_eq!(
        finished.code, 0,
        "throttling costs no attempt: {finished:?}"
    );
    assert_eq!(number(&plan, "Total"), 1_000);
    let books = tenant.statistics();
    assert!(books.throttled_requests > 0, "{books:?}");
    assert_eq!(books.early_calls, 0, "{books:?}");
}

#[test]
fn a_503_that_names_a_time_is_waited_for() {
    let cases = [
        ("single", RetryAfterForm::Decimal),
        ("batch", RetryAfterForm::Decimal),
        ("batch", RetryAfterForm::Date),
        ("batch", RetryAfterForm::Body),
        ("envelope", RetryAfterForm::Decimal),
        ("bulk", RetryAfterForm::Decimal),
    ];
    each(cases, |(place, form)| {
        let mut config = healthy(60);
        config.faults.statuses = vec![503];
        config.faults.unavailable_retry_after = Share::ALL;
        config.faults.first_attempts = Some(1);
        config.retry_after.form = form;
        config.retry_after.unavailable_ms = 500;
        config.retry_after.min_ms = 0;
        config.retry_after.grace_ms = 200;
        let faults = &mut config.faults;
        *match place {
            "single" => &mut faults.single,
            "batch" => &mut faults.item,
            "bulk" => &mut faults.bulk,
            _ => &mut faults.envelope,
        } = Share::ALL;
        let dispatch = if place == "envelope" { "batch" } else { place };
        let tenant = Tenant::new(config);
        let (finished, lines) = tenant
            .sync()
            .args(["--dispatch", dispatch, "--batch-size", "60"])
            .jsonl();
        assert_eq!(finished.code, 0, "{place} {form:?}: {finished:?}");
        let account = lines.last().expect("a summary");
        let books = balance_to_the_device(&tenant, account);
        assert!(!books.faults.is_empty(), "{place}");
        let named = |line: &&Value| line["event"] == "throttled" && line["named"] == true;
        assert!(lines.iter().any(|line| named(&line)), "{place} {form:?}");
    });
}

#[test]
fn a_wait_that_nobody_sits_out_ends_the_run_for_now() {
    let mut config = compressed(QuotaKind::Fixed, RetryAfterForm::Seconds);
    config.retry_after.min_ms = 2 * 60 * 60 * 1_000;
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().args(["--batch-size", "160"]).json();
    assert_eq!(finished.code, 5, "{finished:?}");
    assert_eq!(account["Outcome"], "interrupted");
    let books = balance(&tenant, &account);
    assert_eq!(number(&account, "SuccessCount"), books.syncs_accepted);
    assert_eq!(number(&account, "ErrorCount"), 0, "{account}");
    assert!(number(&account, "PendingCount") > 0, "{account}");
}

#[test]
fn the_ceiling_keeps_the_rate_below_the_quota() {
    each(["single", "batch"], |dispatch| {
        let mut config = healthy(500);
        config.quota.kind = QuotaKind::Sliding;
        config.quota.limit = NonZeroU32::new(400).expect("not 0");
        config.quota.window_ms = NonZeroU32::new(1_000).expect("not 0");
        let tenant = Tenant::new(config);
        let (finished, account) = tenant
            .sync()
            .args(["--dispatch", dispatch, "--pace", "quota"])
            .args(["--max-rate", "200"])
            .json();
        assert_eq!(finished.code, 0, "{finished:?}");
        let books = balance_to_the_device(&tenant, &account);
        // 500 at once would have been too many.
        assert_eq!(books.throttled_items + books.throttled_requests, 0);
        assert_eq!(number(&account, "ThrottledCount"), 0);
    });
}

/// A run that reaches its quota on the way and still syncs each device, none of them twice.
fn throttled(config: Config, dispatch: &str) -> (Vec<Value>, Statistics) {
    let context = format!("{:?} {:?} {dispatch}", config.quota, config.retry_after);
    let tenant = Tenant::new(config);
    let (finished, lines) = tenant
        .sync()
        .args(["--dispatch", dispatch, "--batch-size", "160"])
        .args(["--max-retries", "0"])
        .jsonl();
    // Without retries: throttling costs no attempt.
    assert_eq!(finished.code, 0, "{context}: {finished:?}");
    let account = lines.last().expect("a summary");
    let books = balance_to_the_device(&tenant, account);
    let met = books.throttled_items + books.throttled_requests;
    assert!(met > 0, "{context}: {books:?}");
    assert_eq!(number(account, "ThrottledCount"), met, "{context}");
    assert_eq!(number(account, "RetryCount"), 0, "{context}");
    assert_eq!(books.devices_synced_more_than_once, 0, "{context}");
    (lines, books)
}
