//! Faults on the way: responses that get lost, garbled or mixed up, one by one and then all at once.

use std::num::NonZeroU32;

use intune_sync_simulator::{
    Config, ErrorStyle, Fault, FaultsConfig, QuotaKind, RetryAfterForm, Share,
};

use crate::{
    books::{balance_to_the_device, each, number},
    tenant::{Tenant, healthy},
};

/// A fault to set, for the dispatches that can meet it.
type Case = (Fault, Sets, &'static [&'static str]);
type Sets = fn(&mut FaultsConfig);

const ALL: &[&str] = &["single", "batch", "bulk"];

/// Faults after which it is not known whether the devices were synced.
const UNKNOWN: [Case; 4] = [
    (Fault::DropAfter, |f| f.drop_after = Share::percent(40), ALL),
    (
        Fault::Html,
        |f| f.html = Share::percent(40),
        &["batch", "bulk"],
    ),
    (
        Fault::HtmlSpliced,
        |f| f.html_spliced = Share::percent(40),
        &["batch"],
    ),
    (
        Fault::ItemLost,
        |f| f.item_lost = Share::percent(40),
        &["batch"],
    ),
];

/// Faults after which it is known that they were not, or that change nothing.
const KNOWN: [Case; 3] = [
    (
        Fault::DropBefore,
        |f| f.drop_before = Share::percent(40),
        ALL,
    ),
    (
        Fault::ItemsShuffled,
        |f| f.items_shuffled = Share::ALL,
        &["batch"],
    ),
    (
        Fault::Envelope424,
        |f| f.envelope_424 = Share::percent(40),
        &["batch"],
    ),
];

#[test]
fn what_may_have_been_carried_out_is_sent_again() {
    each(cases(&UNKNOWN), |(fault, set, dispatch)| {
        let (books, retries) = weathered(fault, set, dispatch);
        assert!(books.devices_synced_more_than_once > 0, "{fault:?}");
        assert!(retries > 0, "{fault:?}");
    });
}

#[test]
fn what_was_not_carried_out_is_sent_again() {
    each(cases(&KNOWN), |(fault, set, dispatch)| {
        let (books, retries) = weathered(fault, set, dispatch);
        assert_eq!(books.devices_synced_more_than_once, 0, "{fault:?}");
        assert_eq!(retries > 0, fault != Fault::ItemsShuffled, "{fault:?}");
    });
}

#[test]
fn a_429_of_a_sync_that_was_carried_out_costs_a_second_sync_and_nothing_else() {
    let mut config = healthy(200);
    config.faults.item_false_429 = Share::percent(10);
    config.faults.first_attempts = Some(1);
    config.retry_after.form = RetryAfterForm::Decimal;
    config.retry_after.min_ms = 400;
    config.retry_after.grace_ms = 150;
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().args(["--batch-size", "200"]).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    let books = balance_to_the_device(&tenant, &account);
    let met = books.faults[&Fault::ItemFalse429];
    assert!(met > 0, "{books:?}");
    assert_eq!(u64::from(books.devices_synced_more_than_once), met);
    assert_eq!(number(&account, "ThrottledCount"), met);
    assert_eq!(number(&account, "RetryCount"), 0);
}

#[test]
fn a_page_that_is_no_json_or_never_comes_is_read_again() {
    let cases: [Case; 3] = [
        (Fault::Html, |f| f.html = Share::percent(40), &["batch"]),
        (
            Fault::DropBefore,
            |f| f.drop_before = Share::percent(40),
            &["batch"],
        ),
        (
            Fault::DropAfter,
            |f| f.drop_after = Share::percent(40),
            &["batch"],
        ),
    ];
    each(cases, |(fault, set, _)| {
        let mut config = healthy(1_000);
        set(&mut config.faults);
        let tenant = Tenant::new(config);
        let (finished, plan) = tenant.plan().args(["--max-retries", "50"]).json();
        assert_eq!(finished.code, 0, "{fault:?}: {finished:?}");
        assert_eq!(number(&plan, "Total"), 1_000);
        let books = tenant.statistics();
        assert!(books.faults[&fault] > 0, "{books:?}");
        assert_eq!(books.requests.list, 10 + books.faults[&fault], "{fault:?}");
    });
}

/// All faults at once, in each dispatch and pace: each device is accounted for once, and none is lost.
#[test]
fn a_storm_costs_no_device() {
    let cases = ["single", "batch", "bulk"]
        .into_iter()
        .flat_map(|dispatch| ["fixed", "quota"].map(|pace| (dispatch, pace)));
    each(cases, |(dispatch, pace)| {
        let tenant = Tenant::new(storm());
        let (finished, lines) = tenant
            .sync()
            .args(["--dispatch", dispatch, "--pace", pace])
            .args(["--batch-size", "150", "--max-retries", "20"])
            .jsonl();
        let context = format!("{dispatch} {pace}: {finished:?}");
        assert_eq!(finished.code, 0, "{context}");
        let account = lines.last().expect("a summary");
        let books = balance_to_the_device(&tenant, account);
        // A device that is gone may be skipped as well.
        let (gone, skipped) = (
            number(account, "GoneCount"),
            number(account, "SkippedCount"),
        );
        assert!(gone > 0 && skipped > 0, "{context}");
        let others = tenant.how_many("gone") + tenant.how_many("unsupported");
        assert_eq!(gone + skipped, others, "{context}");
        assert_eq!(number(account, "TotalDevices"), 300, "{context}");
        let mut done: Vec<&str> = lines
            .iter()
            .filter(|line| line["event"] == "device-done")
            .map(|line| line["id"].as_str().expect("an id"))
            .collect();
        done.sort_unstable();
        done.dedup();
        assert_eq!(done.len(), 300, "{context}");
        assert!(
            books.throttled_items + books.throttled_requests > 0,
            "{books:?}"
        );
        let sure: &[Fault] = match dispatch {
            "single" => &[Fault::Single, Fault::DropBefore, Fault::DropAfter],
            "batch" => &[Fault::Item, Fault::ItemLost, Fault::ItemFalse429],
            _ => &[Fault::BulkDevice],
        };
        for fault in sure {
            assert!(books.faults.contains_key(fault), "{dispatch}: {books:?}");
        }
        assert!(books.unauthorized > 0, "{books:?}");
    });
}

fn storm() -> Config {
    let few = Share::percent(8);
    let mut config = healthy(300);
    config.fleet.gone = few;
    config.fleet.unsyncable_states = few;
    config.fleet.sparse = Share::percent(20);
    config.list.duplicates = few;
    config.list.late = few;
    config.list.empty_pages = Share::percent(50);
    config.quota.kind = QuotaKind::Sliding;
    config.quota.limit = NonZeroU32::new(200).expect("not 0");
    // Long enough for a slow machine to get beyond it.
    config.quota.window_ms = NonZeroU32::new(4_000).expect("not 0");
    config.quota.neighbour = Share::percent(25);
    config.quota.neighbour_period_ms = 300;
    config.retry_after.form = RetryAfterForm::Mixed;
    config.retry_after.min_ms = 400;
    config.retry_after.unavailable_ms = 400;
    config.retry_after.grace_ms = 200;
    config.latency.max_ms = 10;
    config.tokens.revoke_after_writes = vec![2];
    config.bulk.cost = intune_sync_simulator::BulkCost::Device;
    config.error_style = ErrorStyle::Mixed;
    config.faults = FaultsConfig {
        single: few,
        envelope: few,
        item: few,
        page: few,
        bulk: Share::percent(25),
        bulk_device: few,
        drop_before: few,
        drop_after: few,
        html: few,
        html_spliced: few,
        item_lost: few,
        items_shuffled: Share::percent(50),
        item_false_429: few,
        envelope_424: few,
        error_200: few,
        mangled: Share::percent(20),
        proxy_403: few,
        first_attempts: Some(3),
        ..FaultsConfig::default()
    };
    config
}

/// Each case with each of its dispatches.
fn cases(table: &[Case]) -> Vec<(Fault, Sets, &'static str)> {
    let with_each = |(fault, set, dispatches): &Case| {
        let (fault, set) = (*fault, *set);
        dispatches
            .iter()
            .map(move |dispatch| (fault, set, *dispatch))
    };
    table.iter().flat_map(with_each).collect()
}

/// A run that meets the fault and still syncs each device: the statistics, and the retries of the account.
fn weathered(
    fault: Fault,
    set: fn(&mut FaultsConfig),
    dispatch: &str,
) -> (intune_sync_simulator::Statistics, u64) {
    let mut config = healthy(600);
    config.faults.first_attempts = Some(2);
    set(&mut config.faults);
    let tenant = Tenant::new(config);
    let (finished, account) = tenant
        .sync()
        .args(["--dispatch", dispatch, "--batch-size", "600"])
        .json();
    assert_eq!(finished.code, 0, "{fault:?} {dispatch}: {finished:?}");
    let books = balance_to_the_device(&tenant, &account);
    assert!(books.faults.contains_key(&fault), "{dispatch}: {books:?}");
    (books, number(&account, "RetryCount"))
}
