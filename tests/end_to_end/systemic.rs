//! What stops a run at the first response, since every device would fail: a missing role, and Multi Admin
//! Approval. The first write goes alone, so each costs exactly one request.

use intune_sync_simulator::{Approval, Config, Statistics};
use serde_json::Value;

use crate::{
    books::{balance, each, number},
    tenant::{Tenant, healthy},
};

const READ: &str = "DeviceManagementManagedDevices.Read.All";
const SYNC: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";

#[test]
fn without_the_role_to_list_nothing_but_one_page_is_asked_for() {
    let mut config = healthy(1_000);
    config.tokens.roles.clear();
    let tenant = Tenant::new(config);
    let (account, books) = refused(&tenant, "batch", READ);
    assert_eq!(number(&account, "TotalDevices"), 0);
    assert_eq!((books.requests.list, books.syncs_requested), (1, 0));
    assert_eq!(books.tokens_issued, 1, "a new token has the same roles");
}

#[test]
fn without_the_role_to_sync_one_request_ends_the_run() {
    let cases = [("single", [1, 0, 0]), ("batch", [0, 1, 0])];
    each(cases, |(dispatch, writes)| {
        let mut config = healthy(1_000);
        config.tokens.roles = vec![READ.into()];
        let tenant = Tenant::new(config);
        let (account, books) = refused(&tenant, dispatch, SYNC);
        assert_nothing_but_pending(&account, &books, writes);
    });
}

#[test]
fn a_role_that_is_lost_in_mid_run_ends_it_there() {
    let cases = [("single", 32, 1), ("batch", 16, 20)];
    each(cases, |(dispatch, in_flight, syncs)| {
        let mut config = healthy(1_000);
        config.tokens.role_lost_after_writes = Some(105);
        let tenant = Tenant::new(config);
        let (account, books) = refused(&tenant, dispatch, SYNC);
        assert_eq!(books.syncs_accepted, 105, "{books:?}");
        assert_eq!(number(&account, "SuccessCount"), 105);
        assert_eq!(number(&account, "PendingCount"), 895);
        let vain = books.syncs_requested - books.syncs_accepted;
        // What is in flight, 8 whose refusal could be the devices' own, and 10 writes of at most 4 devices to make
        // sure.
        let most = in_flight * syncs + 8 + 10 * 4;
        assert!(vain <= most, "{dispatch}: {vain} in vain");
    });
}

#[test]
fn bulk_without_the_role_tries_one_batch_and_ends_there() {
    let mut config = healthy(1_000);
    config.tokens.roles = vec![READ.into()];
    let tenant = Tenant::new(config);
    let (account, books) = refused(&tenant, "bulk", SYNC);
    assert_nothing_but_pending(&account, &books, [0, 1, 1]);
}

#[test]
fn multi_admin_approval_ends_the_run_after_one_request() {
    let dispatches = [
        ("single", [1, 0, 0]),
        ("batch", [0, 1, 0]),
        ("bulk", [0, 0, 1]),
    ];
    let forms = [Approval::BadRequest, Approval::Forbidden, Approval::Pending];
    let cases = dispatches
        .into_iter()
        .flat_map(|dispatch| forms.map(|form| (dispatch, form)));
    each(cases, |((dispatch, writes), form)| {
        let mut config = healthy(1_000);
        config.tokens.approval = Some(form);
        let tenant = Tenant::new(config);
        let (account, books) = refused(&tenant, dispatch, "Exclusions");
        let message = account["Error"]["Message"].as_str().expect("a text");
        assert!(message.contains("Multi Admin Approval"), "{account}");
        assert_nothing_but_pending(&account, &books, writes);
    });
}

#[test]
fn a_plan_needs_no_role_to_sync() {
    let mut config: Config = healthy(100);
    config.tokens.roles = vec![READ.into()];
    let tenant = Tenant::new(config);
    let (finished, plan) = tenant.plan().json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(number(&plan, "ToSync"), 100);
    assert_eq!(tenant.statistics().syncs_requested, 0);
}

/// Runs `sync`, which is to end as not authorized with `remedy` in the hint, on stderr as well.
fn refused(tenant: &Tenant, dispatch: &str, remedy: &str) -> (Value, Statistics) {
    let (finished, account) = tenant
        .sync()
        .args(["--dispatch", dispatch, "--batch-size", "1000"])
        .json();
    assert_eq!(finished.code, 4, "{dispatch}: {finished:?}");
    assert_eq!(account["Outcome"], "not-authorized");
    let hint = account["Error"]["Hint"].as_str().expect("a text");
    assert!(hint.contains(remedy), "{dispatch}: {hint}");
    assert!(finished.stderr.contains(remedy), "{finished:?}");
    let books = balance(tenant, &account);
    (account, books)
}

/// `writes` are the single syncs, batches and bulk calls that were sent.
fn assert_nothing_but_pending(account: &Value, books: &Statistics, writes: [u64; 3]) {
    assert_eq!(number(account, "TotalDevices"), 1_000);
    assert_eq!(number(account, "PendingCount"), 1_000);
    assert_eq!(books.syncs_accepted, 0);
    let requests = &books.requests;
    let sent = [requests.sync, requests.batch, requests.execute_action];
    assert_eq!(sent, writes, "{books:?}");
    assert!(books.syncs_requested <= 8, "few devices in each: {books:?}");
}
