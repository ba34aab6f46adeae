//! The list: complete before the first write, each device once, and a run that ends without a write where it is not.

use intune_sync_simulator::{ListConfig, NextLink, Share};

use crate::{
    books::{balance, balance_to_the_device, each, number},
    tenant::{Tenant, healthy},
};

#[test]
fn no_page_is_read_after_the_first_write() {
    let tenant = Tenant::new(healthy(450));
    let (finished, lines) = tenant.sync().jsonl();
    assert_eq!(finished.code, 0, "{finished:?}");
    let events: Vec<&str> = lines
        .iter()
        .map(|line| line["event"].as_str().expect("a word"))
        .collect();
    let at = |event: &str| events.iter().position(|known| *known == event);
    let last_page = events.iter().rposition(|known| *known == "listed");
    assert!(last_page < at("planned"), "{events:?}");
    assert!(at("planned") < at("batch-started"), "{events:?}");
    let pages = lines.iter().filter(|line| line["event"] == "listed");
    let pages: Vec<(u64, u64)> = pages
        .map(|line| (number(line, "pages"), number(line, "devices")))
        .collect();
    assert_eq!(pages, [(1, 100), (2, 200), (3, 300), (4, 400), (5, 450)]);
    let planned = &lines[at("planned").expect("a plan")];
    assert_eq!(number(planned, "toSync"), 450);
    assert_eq!(number(planned, "batches"), 9);
    balance_to_the_device(&tenant, lines.last().expect("a summary"));
}

#[test]
fn unstable_pages_give_each_device_once() {
    let some = Share::percent(20);
    let cases: [fn(&mut ListConfig, Share); 4] = [
        |list, some| list.duplicates = some,
        |list, some| list.late = some,
        |list, _| list.empty_pages = Share::ALL,
        |list, some| {
            list.duplicates = some;
            list.late = some;
            list.empty_pages = some;
        },
    ];
    each(cases, |set| {
        let mut config = healthy(1_000);
        set(&mut config.list, some);
        let list = config.list.clone();
        let tenant = Tenant::new(config);
        let (finished, account) = tenant.sync().args(["--batch-size", "1000"]).json();
        assert_eq!(finished.code, 0, "{list:?}: {finished:?}");
        assert_eq!(number(&account, "TotalDevices"), 1_000, "{list:?}");
        let books = balance_to_the_device(&tenant, &account);
        assert_eq!(books.syncs_requested, 1_000, "{list:?}");
        if list.empty_pages == Share::ALL {
            assert!(books.requests.list > 10, "{books:?}");
        }
    });
}

#[test]
fn a_device_with_null_or_absent_properties_is_synced() {
    let mut config = healthy(200);
    config.fleet.sparse = Share::ALL;
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().json();
    assert_eq!(finished.code, 0, "{finished:?}");
    balance_to_the_device(&tenant, &account);
}

#[test]
fn a_list_that_cannot_be_read_to_its_end_ends_the_run_before_the_first_write() {
    let cases = [
        (NextLink::OtherOrigin, "leaves Graph", 1),
        (NextLink::Loop, "loops", 2),
        // Ten pages with something new, twenty without.
        (NextLink::Endless, "does not end", 30),
        (NextLink::EndlessEmpty, "does not end", 30),
    ];
    each(cases, |(next_link, words, pages)| {
        let mut config = healthy(1_000);
        config.list.next_link = next_link;
        let tenant = Tenant::new(config);
        let books = failed(&tenant, words);
        assert_eq!(books.requests.list, pages, "{next_link:?}");
    });
}

#[test]
fn a_page_that_never_comes_ends_the_run_after_its_retries() {
    let mut config = healthy(1_000);
    config.list.broken_page = Some(3);
    let tenant = Tenant::new(config);
    let books = failed(&tenant, "504");
    assert_eq!(books.requests.list, 2 + 6, "five retries");
}

#[test]
fn a_list_that_is_html_for_ever_ends_the_run_after_its_retries() {
    let mut config = healthy(1_000);
    config.faults.html = Share::ALL;
    let tenant = Tenant::new(config);
    let books = failed(&tenant, "unreadable");
    assert_eq!(books.requests.list, 6);
}

#[test]
fn a_graph_that_drops_each_connection_ends_the_run_after_its_retries() {
    let mut config = healthy(1_000);
    config.faults.drop_before = Share::ALL;
    let tenant = Tenant::new(config);
    let books = failed(&tenant, "no response");
    assert_eq!(books.requests.list, 6);
}

/// A run that ends with code 1 and these words, and sends nothing to any device.
fn failed(tenant: &Tenant, words: &str) -> intune_sync_simulator::Statistics {
    let (finished, account) = tenant.sync().json();
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_eq!(account["Outcome"], "failed", "{account}");
    let message = account["Error"]["Message"].as_str().expect("a text");
    assert!(message.contains(words), "{message}");
    assert!(finished.stderr.contains(words), "{finished:?}");
    assert_eq!(number(&account, "TotalDevices"), 0, "{account}");
    let books = balance(tenant, &account);
    assert_eq!(books.syncs_requested, 0, "{books:?}");
    books
}
