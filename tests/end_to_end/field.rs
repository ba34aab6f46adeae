//! Responses as they have been seen in the field: what the program makes of them, over real sockets.

use intune_sync_simulator::{Config, Fault, NextLink, Share};
use serde_json::{Value, json};

use crate::{
    books::{balance, balance_to_the_device, each, list, number},
    program::Finished,
    tenant::{Tenant, healthy},
};

const DISPATCHES: [&str; 3] = ["single", "batch", "bulk"];

fn sync(tenant: &Tenant, dispatch: &str) -> (Finished, Value) {
    let args = ["--dispatch", dispatch, "--batch-size", "1000"];
    tenant.sync().args(args).json()
}

#[test]
fn json_that_no_parser_takes_is_read() {
    each(DISPATCHES, |dispatch| {
        let mut config = healthy(250);
        config.faults.mangled = Share::ALL;
        config.fleet.unsupported = Share::percent(5);
        let tenant = Tenant::new(config);
        let (finished, account) = sync(&tenant, dispatch);
        assert_eq!(finished.code, 3, "{dispatch}: {finished:?}");
        let books = balance_to_the_device(&tenant, &account);
        assert_eq!(
            books.syncs_accepted,
            tenant.how_many("regular"),
            "nothing twice"
        );
        assert_eq!(number(&account, "RetryCount"), 0, "{account}");
        assert!(books.faults[&Fault::Mangled] >= 3, "{books:?}");
    });
}

#[test]
fn doctor_reads_a_page_as_a_run_does() {
    let mut config = healthy(30);
    config.faults.mangled = Share::ALL;
    let tenant = Tenant::new(config);
    let finished = tenant.surround().args(["doctor"]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(
        finished.stdout.contains("the list can be read"),
        "{finished:?}"
    );
}

#[test]
fn an_error_with_status_200_and_a_403_of_a_proxy_are_tried_again() {
    let faults = [Fault::Error200, Fault::Proxy403];
    let cases = DISPATCHES
        .into_iter()
        .flat_map(|dispatch| faults.map(|fault| (dispatch, fault)));
    each(cases, |(dispatch, fault)| {
        let mut config = healthy(100);
        config.faults.statuses = vec![500];
        config.faults.first_attempts = Some(1);
        let share = match fault {
            Fault::Error200 => &mut config.faults.error_200,
            _ => &mut config.faults.proxy_403,
        };
        *share = Share::percent(40);
        let tenant = Tenant::new(config);
        let args = [
            "--dispatch",
            dispatch,
            "--batch-size",
            "10",
            "--max-retries",
            "30",
        ];
        let (finished, account) = tenant.sync().args(args).json();
        assert_eq!(finished.code, 0, "{dispatch} {fault:?}: {finished:?}");
        let books = balance_to_the_device(&tenant, &account);
        assert!(books.faults.contains_key(&fault), "{dispatch}: {books:?}");
    });
}

#[test]
fn devices_that_may_not_be_synced_are_failures_of_their_own() {
    type Sets = fn(&mut Config);
    let cases: [(&str, u64, Sets); 2] = [
        ("forbidden", 403, |config| {
            config.fleet.forbidden = Share::percent(3)
        }),
        ("unauthorized", 401, |config| {
            config.fleet.unauthorized = Share::percent(2)
        }),
    ];
    let cases = cases
        .into_iter()
        .flat_map(|case| DISPATCHES.map(|dispatch| (case, dispatch)));
    each(cases, |((outcome, status, set), dispatch)| {
        let mut config = healthy(200);
        set(&mut config);
        let tenant = Tenant::new(config);
        let refused = tenant.how_many(outcome);
        assert!(refused > 1, "{refused} {outcome}");
        let (finished, account) = sync(&tenant, dispatch);
        let context = format!("{outcome} {dispatch}: {finished:?}");
        assert_eq!(finished.code, 3, "{context}");
        assert_eq!(number(&account, "ErrorCount"), refused, "{context}");
        let failures = list(&account, "Failures").iter();
        assert!(
            failures
                .clone()
                .all(|failure| failure["Status"] == json!(status)),
            "{context}"
        );
        balance_to_the_device(&tenant, &account);
    });
}

#[test]
fn a_list_is_read_with_a_simpler_query_where_graph_refuses_the_first() {
    type Sets = fn(&mut Config, u16);
    let queries: [(&str, Sets); 2] = [
        ("Graph refuses the filter", |config, status| {
            config.list.filter_status = Some(status)
        }),
        ("Graph refuses `$select`", |config, status| {
            config.list.select_status = Some(status)
        }),
    ];
    let cases = queries
        .into_iter()
        .flat_map(|query| [400, 500, 501].map(|status| (query, status)));
    each(cases, |((words, set), status)| {
        let mut config = healthy(250);
        set(&mut config, status);
        let tenant = Tenant::new(config);
        let args = ["--os", "windows", "--max-retries", "1"];
        let (finished, account) = tenant.sync().args(args).json();
        assert_eq!(finished.code, 0, "{words} {status}: {finished:?}");
        assert!(finished.stderr.contains(words), "{status}: {finished:?}");
        let books = balance(&tenant, &account);
        assert_eq!(books.syncs_accepted, number(&account, "TotalDevices"));
        assert!(
            (1..250).contains(&number(&account, "SuccessCount")),
            "{account}"
        );
    });
}

#[test]
fn an_expired_link_begins_the_list_again() {
    each([400, 410], |status| {
        let mut config = healthy(250);
        config.list.expired_status = Some(status);
        let tenant = Tenant::new(config);
        let (finished, account) = tenant.sync().json();
        assert_eq!(finished.code, 0, "{status}: {finished:?}");
        assert!(
            finished.stderr.contains("the list is read again"),
            "{finished:?}"
        );
        let books = balance_to_the_device(&tenant, &account);
        assert_eq!(books.requests.list, 2 + 3, "{books:?}");
    });
}

#[test]
fn a_list_that_is_shorter_than_it_says_is_a_warning_or_a_failure() {
    each(
        [NextLink::Absent, NextLink::Renamed, NextLink::Object],
        |next_link| {
            let mut config = healthy(250);
            config.list.next_link = next_link;
            config.list.count = Some(250);
            for (flag, code) in [(None, 0), (Some("--fail-if-incomplete"), 3)] {
                let tenant = Tenant::new(config.clone());
                let (finished, account) = tenant.sync().args(flag).json();
                assert_eq!(finished.code, code, "{next_link:?}: {finished:?}");
                let warning = "[WARNING] The list of devices is incomplete: Graph counts 250 devices and listed 100";
                assert!(finished.stderr.contains(warning), "{finished:?}");
                assert_eq!(
                    account["Incomplete"],
                    json!({"Listed": 100, "Counted": 250})
                );
                assert_eq!(number(&account, "SuccessCount"), 100);
                balance(&tenant, &account);
            }
            let tenant = Tenant::new(config);
            let finished = tenant.sync().run();
            let summary = "incomplete: Graph counts 250 devices and listed 100";
            assert!(finished.stdout.contains(summary), "{finished:?}");
            let plan = tenant.plan().args(["--fail-if-incomplete"]).run();
            assert_eq!(plan.code, 3, "{plan:?}");
            assert!(plan.stdout.contains(summary), "{plan:?}");
        },
    );
}

#[test]
fn a_link_that_no_server_should_write_is_followed() {
    each([NextLink::Raw, NextLink::Long], |next_link| {
        let mut config = healthy(250);
        config.list.next_link = next_link;
        let tenant = Tenant::new(config);
        let (finished, account) = tenant.sync().json();
        assert_eq!(finished.code, 0, "{next_link:?}: {finished:?}");
        balance_to_the_device(&tenant, &account);
    });
}

#[test]
fn a_link_that_cannot_be_followed_is_graphs_fault() {
    let mut config = healthy(250);
    config.list.next_link = NextLink::TooLong;
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().json();
    assert_eq!(finished.code, 1, "{finished:?}");
    let message = account["Error"]["Message"].as_str().expect("a text");
    assert!(
        message.starts_with("Microsoft Graph's link to the next page"),
        "{message}"
    );
    assert!(!finished.stderr.contains("bug"), "{finished:?}");
}
