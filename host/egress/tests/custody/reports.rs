//! What a component reports, compared with what Graph returned.

use intune_sync_egress::{Conclusion, Counts, Planned, ReportedOutcome as Outcome, Untrue};
use intune_sync_selection::Selection;

use crate::run::{Run, id, page};

fn counts(total: u32, success: u32, error: u32, gone: u32) -> Counts {
    Counts {
        total,
        success,
        error,
        gone,
        ..Counts::default()
    }
}

#[test]
fn what_is_true_is_taken_once() {
    let run = Run::of(&[1, 2, 3]);
    run.custody
        .planned(plan(3, 3, 0, 3))
        .expect("three are listed");
    run.sync(id(1)).expect("listed");
    run.reply(404, "");
    run.sync(id(2)).expect("listed");
    run.reply(409, r#"{"error":{"code":"Conflict","message":"No."}}"#);
    run.sync(id(3)).expect("listed");
    let report = |n, outcome| run.custody.device_done(id(n), outcome);
    assert_eq!(report(1, Outcome::Accepted).expect("true").attempts, 1);
    assert_eq!(report(2, Outcome::Gone).expect("true").trouble, None);
    let trouble = report(3, Outcome::Failed)
        .expect("true")
        .trouble
        .expect("why");
    assert_eq!(
        (trouble.status, trouble.request_id.as_str()),
        (Some(409), "graph's own")
    );
    assert_eq!(
        (trouble.code.as_str(), trouble.message.as_str()),
        ("Conflict", "No.")
    );
    let left = run.left().pop().expect("it left");
    let id_that_left = left.headers()["client-request-id"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    assert_eq!(
        trouble.client_request_id.map(|id| id.to_string()),
        Some(id_that_left)
    );
    assert_eq!(report(1, Outcome::Accepted), Err(Untrue::Twice(id(1))));
    let said = counts(3, 1, 1, 1);
    assert_eq!(run.custody.conclude(&said, Conclusion::Completed), Ok(()));
    let counted = run.custody.counts();
    assert_eq!((counted.requests, counted.pending()), (4, 0));
}

#[test]
fn what_is_not_true_is_named() {
    let run = Run::of(&[1, 2, 3]);
    run.sync(id(1)).expect("listed");
    run.reply(503, "");
    run.sync(id(2)).expect("listed");
    let report = |n, outcome| {
        run.custody
            .device_done(id(n), outcome)
            .expect_err("not true")
    };
    let failure = |n, instead| Untrue::Failure {
        device: id(n),
        instead,
    };
    assert_eq!(report(9, Outcome::Accepted), Untrue::Foreign(id(9)));
    assert_eq!(report(2, Outcome::Accepted), Untrue::Success(id(2)));
    assert_eq!(report(3, Outcome::Accepted), Untrue::Success(id(3)));
    assert_eq!(report(1, Outcome::Gone), Untrue::Gone(id(1)));
    assert_eq!(report(3, Outcome::Skipped), Untrue::Skipped(id(3)));
    assert_eq!(
        report(1, Outcome::Failed),
        failure(1, "and Graph has accepted a sync of it")
    );
    assert_eq!(
        report(2, Outcome::Failed),
        failure(2, "and has not tried it as often as `--max-retries` says")
    );
    assert_eq!(
        report(3, Outcome::Failed),
        failure(3, "and no sync of it has left")
    );
    run.reply(503, "");
    run.sync(id(2)).expect("the first of two retries");
    assert_eq!(
        report(2, Outcome::Failed),
        failure(2, "and has not tried it as often as `--max-retries` says")
    );
    run.reply(503, "");
    run.sync(id(2)).expect("the second");
    let done = run
        .custody
        .device_done(id(2), Outcome::Failed)
        .expect("true now");
    assert_eq!(done.attempts, 3);
}

#[test]
fn nothing_is_true_of_a_device_before_the_list_was_read() {
    let run = Run::new(Selection::default());
    let linux = format!(
        r#"{{"@odata.nextLink":"https://graph.microsoft.com/v1.0/deviceManagement/managedDevices?$skiptoken=x",
            "value":[{{"id":"{}","operatingSystem":"Linux"}}]}}"#,
        id(1)
    );
    run.reply(200, &linux);
    run.list("").expect("the first page");
    let early = run.custody.device_done(id(1), Outcome::Skipped);
    assert_eq!(early, Err(Untrue::Foreign(id(1))));
}

#[test]
fn a_device_that_is_left_out_is_named() {
    let run = Run::of(&[1, 2]);
    run.sync(id(1)).expect("listed");
    let withheld = Untrue::Withheld {
        device: id(1),
        outcome: "was synced",
    };
    for conclusion in [Conclusion::Completed, Conclusion::Unfinished] {
        let concluded = run.custody.conclude(&counts(2, 0, 0, 0), conclusion);
        assert_eq!(concluded, Err(withheld.clone()));
    }
    run.custody
        .device_done(id(1), Outcome::Accepted)
        .expect("true");
    let said = counts(2, 1, 0, 0);
    assert_eq!(run.custody.conclude(&said, Conclusion::Unfinished), Ok(()));
    assert_eq!(run.custody.conclude(&said, Conclusion::Planned), Ok(()));
    let completed = run.custody.conclude(&said, Conclusion::Completed);
    assert_eq!(completed, Err(Untrue::PassedOver(id(2))));
}

fn plan(listed: u32, to_sync: u32, skipped: u64, total: u32) -> Planned {
    Planned {
        listed,
        total,
        to_sync,
        skipped,
    }
}

#[test]
fn numbers_are_those_of_the_books() {
    let run = Run::new(Selection::default());
    assert_eq!(
        run.custody.planned(plan(0, 0, 0, 0)),
        Err(Untrue::EarlyPlan)
    );
    let nothing = counts(0, 0, 0, 0);
    assert_eq!(
        run.custody.conclude(&nothing, Conclusion::Completed),
        Err(Untrue::NoList)
    );
    assert_eq!(
        run.custody.conclude(&nothing, Conclusion::Unfinished),
        Ok(())
    );
    run.reply(200, &page(&[1, 2], None));
    run.list("").expect("the first page");
    // A run that is stopped while the last page is on its way does not know of it.
    assert_eq!(
        run.custody.conclude(&nothing, Conclusion::Unfinished),
        Ok(())
    );
    assert_eq!(run.custody.counts().total, 0);
    for said in [
        plan(2, 1, 0, 2),
        plan(2, 2, 1, 2),
        plan(2, 2, 0, 3),
        plan(3, 2, 0, 2),
    ] {
        let planned = run.custody.planned(said);
        assert!(matches!(planned, Err(Untrue::Count { .. })), "{planned:?}");
    }
    run.custody.planned(plan(2, 2, 0, 2)).expect("true");
    for said in [
        counts(0, 0, 0, 0),
        counts(3, 0, 0, 0),
        counts(2, 1, 0, 0),
        counts(2, 0, 1, 0),
        counts(2, 0, 0, 1),
    ] {
        let concluded = run.custody.conclude(&said, Conclusion::Unfinished);
        assert!(matches!(concluded, Err(Untrue::Count { .. })), "{said:?}");
    }
}

/// What it has sent shows that it has seen the list.
#[test]
fn a_component_that_has_sent_a_sync_knows_how_many_devices_there_are() {
    let run = Run::of(&[1, 2]);
    run.reply(503, "");
    run.sync(id(1)).expect("listed");
    assert_eq!(run.custody.counts().total, 2);
    let nothing = counts(0, 0, 0, 0);
    let concluded = run.custody.conclude(&nothing, Conclusion::Unfinished);
    assert!(matches!(concluded, Err(Untrue::Count { .. })));
}

#[test]
fn each_request_and_each_item_that_was_throttled_is_counted() {
    let run = Run::new(Selection::default());
    let list = page(&[1, 2, 3], None);
    for (status, body) in [(429, ""), (500, ""), (429, ""), (200, &*list)] {
        run.reply(status, body);
        run.list("").expect("the first page");
    }
    for status in [429, 503, 429] {
        run.reply(status, "");
        run.sync(id(1)).expect("it is open");
    }
    run.reply(
        200,
        r#"{"responses":[{"id":"1","status":429},{"id":"2","status":503},{"id":"3","status":429}]}"#,
    );
    run.batch(&[1, 2, 3].map(id)).expect("all are open");
    let counted = run.custody.counts();
    assert_eq!((counted.requests, counted.throttled), (8, 6));
}

#[test]
fn of_a_run_that_broke_off_the_books_tell_what_was_done() {
    let run = Run::of(&[1, 2, 3]);
    run.sync(id(1)).expect("listed");
    run.reply(409, "");
    run.sync(id(2)).expect("listed");
    let settled = run.custody.settle();
    let settled: Vec<_> = settled
        .into_iter()
        .map(|(id, outcome, _)| (id, outcome))
        .collect();
    assert_eq!(
        settled,
        [(id(1), Outcome::Accepted), (id(2), Outcome::Failed)]
    );
    assert!(run.custody.settle().is_empty());
    let counted = run.custody.counts();
    assert_eq!(
        (
            counted.total,
            counted.success,
            counted.error,
            counted.pending()
        ),
        (3, 1, 1, 1)
    );
}

/// By the last check-in it is decided who has checked in since a sync.
#[test]
fn a_check_in_is_the_one_of_the_list() {
    let run = Run::new(Selection::default());
    run.custody.keep_check_ins();
    let row = |n: u32, last: &str| format!(r#"{{"id":"{}","lastSyncDateTime":"{last}"}}"#, id(n));
    let rows = [
        row(1, "2026-11-26T10:00:00Z"),
        row(2, "0001-01-01T00:00:00Z"),
    ]
    .join(",");
    run.reply(200, &format!(r#"{{"value":[{rows}]}}"#));
    run.list("").expect("the first page");
    let said = |device, last| {
        let selected = run.custody.selected(None, [(id(device), last)]);
        selected.map(|last| assert_eq!(last, Some(id(device))))
    };
    assert_eq!(said(1, Some(1_795_687_200)), Ok(()));
    assert_eq!(said(2, None), Ok(()));
    assert_eq!(said(1, Some(1_795_687_201)), Err(Untrue::CheckIn(id(1))));
    assert_eq!(said(1, None), Err(Untrue::CheckIn(id(1))));
    assert_eq!(said(2, Some(1_795_687_200)), Err(Untrue::CheckIn(id(2))));
    assert_eq!(said(3, None), Err(Untrue::Selected(id(3))));
}

/// What the history knows of the devices that are pending is what is handed over.
#[test]
fn each_device_is_handed_over_once_and_in_order() {
    let run = Run::of(&[1, 2, 3]);
    let selected = |after: Option<u32>, devices: &[u32]| {
        let devices = devices.iter().map(|device| (id(*device), None));
        run.custody.selected(after.map(id), devices)
    };
    assert_eq!(selected(None, &[1, 2]), Ok(Some(id(2))));
    assert_eq!(selected(Some(2), &[3]), Ok(Some(id(3))));
    assert_eq!(selected(Some(3), &[]), Ok(Some(id(3))));
    for (after, devices) in [
        (None, &[1, 1][..]),
        (None, &[2, 1]),
        (Some(2), &[2]),
        (Some(3), &[1]),
    ] {
        let last = id(devices[devices.len() - 1]);
        assert_eq!(selected(after, devices), Err(Untrue::Order(last)));
    }
    assert_eq!(run.custody.all_selected(3), Ok(()));
    for count in [0, 2, 4] {
        let counted = run.custody.all_selected(count);
        assert!(matches!(counted, Err(Untrue::Count { .. })), "{count}");
    }
}

/// A device that the run does not take counts each time that it is listed, as the component does not remember it; one
/// that it takes counts once.
#[test]
fn the_list_has_as_many_devices_as_the_plan_counts() {
    let selection = Selection {
        os: vec!["Windows".to_owned()],
        ..Selection::default()
    };
    let run = Run::new(selection);
    let row = |n: u32, os: &str| format!(r#"{{"id":"{}","operatingSystem":"{os}"}}"#, id(n));
    let rows = [
        row(1, "Windows"),
        row(1, "Windows"),
        row(2, "iOS"),
        row(2, "iOS"),
        row(2, "iOS"),
        row(3, "iOS"),
        row(3, "Windows"),
        "{}".to_owned(),
    ];
    run.reply(200, &format!(r#"{{"value":[{}]}}"#, rows.join(",")));
    run.list("").expect("the first page");
    assert_eq!(run.custody.planned(plan(6, 2, 0, 2)), Ok(()));
}

/// A list of two devices that says that it has `counted`.
fn counted(counted: u32) -> Run {
    let run = Run::new(Selection::default());
    let rows = [1, 2].map(|n| format!(r#"{{"id":"{}"}}"#, id(n))).join(",");
    run.reply(
        200,
        &format!(r#"{{"@odata.count":{counted},"value":[{rows}]}}"#),
    );
    run.list("").expect("the first page");
    run
}

#[test]
fn a_list_that_is_shorter_than_it_says_is_reported() {
    let whole = counted(2);
    assert_eq!(
        whole.custody.incomplete(2, None),
        Err(Untrue::Incomplete("and it is not"))
    );
    assert_eq!(whole.custody.planned(plan(2, 2, 0, 2)), Ok(()));

    let short = counted(3);
    let hidden = Err(Untrue::Shortfall { listed: 2 });
    assert_eq!(short.custody.planned(plan(2, 2, 0, 2)), hidden);
    let unfinished = short
        .custody
        .conclude(&counts(0, 0, 0, 0), Conclusion::Unfinished);
    assert_eq!(unfinished, Ok(()));
    for device in [1, 2] {
        short.sync(id(device)).expect("listed");
        let done = short.custody.device_done(id(device), Outcome::Accepted);
        done.expect("it was accepted");
    }
    let completed = || {
        short
            .custody
            .conclude(&counts(2, 2, 0, 0), Conclusion::Completed)
    };
    assert_eq!(completed(), hidden);
    for (listed, counted) in [(2, Some(4)), (3, Some(3)), (2, None)] {
        assert_eq!(
            short.custody.incomplete(listed, counted),
            Err(Untrue::Incomplete("with other numbers than it has"))
        );
    }
    assert_eq!(short.custody.incomplete(2, Some(3)), Ok(()));
    assert_eq!(completed(), Ok(()));
}

#[test]
fn before_the_list_was_read_to_its_end_it_is_not_short() {
    let run = Run::new(Selection::default());
    assert_eq!(
        run.custody.incomplete(0, None),
        Err(Untrue::Incomplete("and it is not"))
    );
}
