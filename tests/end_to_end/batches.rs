//! Batches of `--batch-size`, the delay between them, and the two paces.

use serde_json::Value;

use crate::{
    books::{balance, balance_to_the_device, each, number},
    tenant::{Tenant, healthy},
};

#[test]
fn a_batch_starts_when_each_device_of_the_one_before_is_done() {
    each(["single", "batch", "bulk"], |dispatch| {
        let tenant = Tenant::new(healthy(130));
        let (finished, lines) = tenant
            .sync()
            .args(["--dispatch", dispatch, "--batch-size", "40"])
            .jsonl();
        assert_eq!(finished.code, 0, "{finished:?}");
        let story = story(&lines);
        assert_eq!(
            story,
            [
                (1, 1, 40, 40),
                (2, 41, 80, 40),
                (3, 81, 120, 40),
                (4, 121, 130, 10)
            ],
            "{dispatch}"
        );
        let account = lines.last().expect("a summary");
        assert_eq!(number(account, "BatchesProcessed"), 4);
        balance_to_the_device(&tenant, account);
    });
}

#[test]
fn a_batch_waits_for_the_delay_after_the_one_before() {
    let tenant = Tenant::new(healthy(90));
    let (finished, lines) = tenant
        .sync()
        .args(["--batch-size", "40", "--batch-delay-seconds", "24h"])
        .args(["--deadline", "2s"])
        .jsonl();
    assert_eq!(finished.code, 5, "{finished:?}");
    assert_eq!(story(&lines), [(1, 1, 40, 40)]);
    let account = lines.last().expect("a summary");
    assert_eq!(account["Outcome"], "stopped");
    assert_eq!(number(account, "PendingCount"), 50);
    assert_eq!(balance(&tenant, account).syncs_accepted, 40);
}

#[test]
fn no_delay_follows_the_last_batch() {
    let tenant = Tenant::new(healthy(40));
    let (finished, account) = tenant
        .sync()
        .args(["--batch-size", "40", "--batch-delay-seconds", "24h"])
        .json();
    assert_eq!(finished.code, 0, "{finished:?}");
    balance_to_the_device(&tenant, &account);
}

#[test]
fn quota_pace_knows_no_delay() {
    let tenant = Tenant::new(healthy(130));
    let (finished, account) = tenant
        .sync()
        .args(["--batch-size", "40", "--batch-delay-seconds", "24h"])
        .args(["--pace", "quota"])
        .json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(number(&account, "BatchesProcessed"), 4);
    let books = balance_to_the_device(&tenant, &account);
    assert_eq!(books.requests.batch, 1 + 7, "full requests across batches");
}

#[test]
fn an_empty_fleet_is_synced() {
    let tenant = Tenant::new(healthy(0));
    let (finished, account) = tenant.sync().json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(number(&account, "TotalDevices"), 0);
    assert_eq!(number(&account, "BatchesProcessed"), 0);
    balance(&tenant, &account);
}

/// Number, first and last device of each batch, and how many devices were done while it lasted; the batches must not
/// overlap.
fn story(lines: &[Value]) -> Vec<(u64, u64, u64, u64)> {
    let mut story = Vec::new();
    let mut open: Option<(u64, u64, u64, u64)> = None;
    for line in lines {
        let get = |key: &str| line[key].as_u64().expect("a number");
        match line["event"].as_str() {
            Some("batch-started") => {
                let batch = (get("number"), get("first"), get("last"), 0);
                assert_eq!(open.replace(batch), None, "{line}");
            }
            Some("device-done") => open.as_mut().expect("a batch is open").3 += 1,
            Some("batch-finished") => {
                let batch = open.take().expect("a batch is open");
                assert_eq!(
                    (batch.0, batch.1, batch.2),
                    (get("number"), get("first"), get("last"))
                );
                story.push(batch);
            }
            _ => {}
        }
    }
    assert_eq!(open, None);
    story
}
