//! What holds after every run, whatever went wrong: the program's account against the simulator's books.

use std::collections::BTreeSet;

use intune_sync_simulator::Statistics;
use serde_json::Value;

use crate::tenant::Tenant;

/// Checks the account of a run, the only one of this tenant, and returns the statistics.
pub(crate) fn balance(tenant: &Tenant, account: &Value) -> Statistics {
    let books = tenant.statistics();
    let context = format!("{account}\n{books:?}");
    let counted: u64 = [
        "SuccessCount",
        "ErrorCount",
        "SkippedCount",
        "GoneCount",
        "PendingCount",
    ]
    .iter()
    .map(|key| number(account, key))
    .sum();
    assert_eq!(number(account, "TotalDevices"), counted, "{context}");

    let failed: BTreeSet<&str> = list(account, "Failures")
        .iter()
        .map(|failure| failure["Id"].as_str().expect("an id"))
        .collect();
    assert_eq!(
        failed.len() as u64,
        number(account, "ErrorCount"),
        "{context}"
    );
    assert_eq!(list(account, "Failures").len(), failed.len(), "{context}");

    // Who is in a group is looked up before the run.
    let sent = books.requests.total() - books.requests.identity - books.requests.groups;
    assert_eq!(number(account, "HttpRequests"), sent, "{context}");
    let synced = books.devices_synced_once + books.devices_synced_more_than_once;
    assert!(
        number(account, "SuccessCount") <= u64::from(synced),
        "{context}"
    );

    assert_eq!(books.forbidden_writes, 0, "{context}");
    assert_eq!(books.requests.other, 0, "{context}");
    assert_eq!(books.early_calls, 0, "{context}");
    assert_eq!(books.repeated_after_known_outcome, 0, "{context}");
    assert_eq!(books.missing_client_request_ids, 0, "{context}");
    assert_eq!(books.reused_client_request_ids, 0, "{context}");
    books
}

/// The same, for a run after which each device that can be synced was, and nothing is left.
pub(crate) fn balance_to_the_device(tenant: &Tenant, account: &Value) -> Statistics {
    let books = balance(tenant, account);
    let regular = tenant.how_many("regular");
    assert_eq!(
        number(account, "SuccessCount"),
        regular,
        "{account}\n{books:?}"
    );
    assert_eq!(tenant.how_many("synced"), regular, "{account}\n{books:?}");
    assert_eq!(number(account, "PendingCount"), 0, "{account}");
    books
}

/// The number under a key.
pub(crate) fn number(account: &Value, key: &str) -> u64 {
    account[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no number `{key}`: {account}"))
}

/// The list under a key.
pub(crate) fn list<'a>(account: &'a Value, key: &str) -> &'a [Value] {
    account[key]
        .as_array()
        .unwrap_or_else(|| panic!("no list `{key}`: {account}"))
}

/// Tries each case on a separate thread: most of a run's time is waiting.
pub(crate) fn each<T: Send>(cases: impl IntoIterator<Item = T>, test: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            let test = &test;
            scope.spawn(move || test(case));
        }
    });
}
