//! Tokens that end, are revoked, or are refused while a run is under way.

use crate::{
    books::{balance, balance_to_the_device, each, number},
    tenant::{Tenant, healthy},
};

#[test]
fn a_token_that_ends_in_mid_run_is_replaced_before() {
    let mut config = healthy(160);
    config.tokens.lifetime_seconds = 2;
    let tenant = Tenant::new(config);
    let (finished, account) = tenant
        .sync()
        .args(["--batch-size", "40", "--batch-delay-seconds", "1.1"])
        .json();
    assert_eq!(finished.code, 0, "{finished:?}");
    let books = balance_to_the_device(&tenant, &account);
    assert!(books.tokens_issued >= 2, "{books:?}");
    assert_eq!(number(&account, "RetryCount"), 0);
}

#[test]
fn each_revocation_costs_one_renewal_and_no_device() {
    // Between two revocations, more is accepted than is in flight at once. Otherwise the second refusal may overtake
    // the first success, and then Graph has refused a renewed token that it never took.
    let cases = [
        ("single", vec![100]),
        ("single", vec![100, 200]),
        ("batch", vec![100]),
        ("batch", vec![100, 440]),
        ("bulk", vec![1]),
        ("bulk", vec![1, 3]),
    ];
    each(cases, |(dispatch, revocations)| {
        let mut config = healthy(800);
        config.tokens.revoke_after_writes = revocations.clone();
        // Several requests are in flight when the token is revoked.
        config.latency.min_ms = 5;
        config.latency.max_ms = 15;
        let tenant = Tenant::new(config);
        let (finished, lines) = tenant
            .sync()
            .args(["--dispatch", dispatch, "--batch-size", "800"])
            .jsonl();
        let context = format!("{dispatch} {revocations:?}: {finished:?}");
        assert_eq!(finished.code, 0, "{context}");
        let account = lines.last().expect("a summary");
        let books = balance_to_the_device(&tenant, account);
        assert_eq!(books.devices_synced_more_than_once, 0, "{context}");
        let times = revocations.len() as u64;
        assert!(books.unauthorized >= times, "{context}");
        assert_eq!(books.tokens_issued, 1 + times, "{context}");
        let renewals = lines.iter().filter(|line| line["event"] == "token-renewed");
        assert_eq!(renewals.count() as u64, times, "{context}");
        assert_eq!(number(account, "RetryCount"), 0, "{context}");
    });
}

#[test]
fn a_token_that_is_revoked_at_each_turn_ends_nothing() {
    let mut config = healthy(400);
    config.tokens.revoke_after_writes = (1..=6).map(|turn| turn * 60).collect();
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().args(["--dispatch", "single"]).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    let books = balance_to_the_device(&tenant, &account);
    assert_eq!(books.tokens_issued, 7, "{books:?}");
}

#[test]
fn a_token_that_is_refused_for_ever_ends_the_run_after_one_renewal() {
    let cases = [
        ("single", 0),
        ("batch", 0),
        ("single", 100),
        ("batch", 100),
        ("bulk", 1),
    ];
    each(cases, |(dispatch, writes)| {
        let mut config = healthy(400);
        config.tokens.refuse_after_writes = Some(writes);
        let tenant = Tenant::new(config);
        let (finished, account) = tenant
            .sync()
            .args(["--dispatch", dispatch, "--batch-size", "400"])
            .json();
        let context = format!("{dispatch} {writes}: {finished:?}");
        assert_eq!(finished.code, 4, "{context}");
        assert_eq!(account["Outcome"], "not-authorized", "{context}");
        let message = account["Error"]["Message"].as_str().expect("a text");
        assert!(message.contains("401"), "{context}");
        let books = balance(&tenant, &account);
        assert_eq!(books.tokens_issued, 2, "{context}");
        assert_eq!(number(&account, "SuccessCount"), books.syncs_accepted);
        if writes == 0 {
            assert_eq!(books.requests.list, 2, "{context}");
            assert_eq!(books.requests.total() - books.requests.identity, 2);
        } else {
            assert_eq!(number(&account, "TotalDevices"), 400, "{context}");
            assert!(number(&account, "PendingCount") > 0, "{context}");
            assert_eq!(number(&account, "ErrorCount"), 0, "{context}");
        }
    });
}

#[test]
fn an_identity_endpoint_in_passing_trouble_is_asked_again() {
    let mut config = healthy(40);
    config.identity.failures = 1;
    config.identity.throttled = 1;
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().json();
    assert_eq!(finished.code, 0, "{finished:?}");
    let books = balance_to_the_device(&tenant, &account);
    assert_eq!(books.requests.identity, 3);
}

#[test]
fn an_identity_that_does_not_exist_ends_it_before_graph_is_asked() {
    let mut config = healthy(40);
    config.identity.not_found = true;
    let tenant = Tenant::new(config);
    let finished = tenant.sync().run();
    assert_eq!(finished.code, 4, "{finished:?}");
    assert!(finished.stderr.contains("hint:"), "{finished:?}");
    let books = tenant.statistics();
    assert_eq!(books.requests.total(), books.requests.identity, "{books:?}");
}
