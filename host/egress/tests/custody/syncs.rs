//! Syncs: of which devices, and how often.

use http::Method;
use intune_sync_egress::{CustodyRefusal as Refusal, ReportedOutcome, Untrue};
use intune_sync_ids::Guid;
use intune_sync_selection::Selection;

use crate::run::{DEVICES, Run, id, page};

#[test]
fn no_device_before_the_list_was_read_and_none_that_it_did_not_hold() {
    let run = Run::new(Selection::default());
    assert!(matches!(run.sync(id(1)), Err(Refusal::BeforeList(_))));
    run.reply(200, &page(&[1], Some("$skiptoken=x")));
    run.list("").expect("the first page");
    assert!(matches!(run.sync(id(1)), Err(Refusal::BeforeList(_))));
    run.reply(200, &page(&[2], None));
    run.list("$skiptoken=x").expect("the link");
    assert!(matches!(run.batch(&[id(1), id(3)]), Err(Refusal::NotListed(other)) if other == id(3)));
    // What was refused has left no trace.
    run.batch(&[id(1), id(2)]).expect("both are listed");
}

#[test]
fn none_that_the_selection_does_not_match() {
    let run = Run::new(Selection {
        devices: vec![id(1), id(2)],
        ..Selection::default()
    });
    run.custody.skip(&[id(2)]);
    run.reply(200, &page(&[1, 2, 3], None));
    run.list("").expect("the first page");
    for other in [2, 3] {
        assert!(
            matches!(run.sync(id(other)), Err(Refusal::NotSelected(_))),
            "{other}"
        );
    }
    run.sync(id(1)).expect("it is named");
}

#[test]
fn no_more_than_the_limit_and_none_that_cannot_sync() {
    let run = Run::new(Selection {
        limit: Some(2),
        ..Selection::default()
    });
    run.reply(200, &page(&[1, 2, 3], None));
    run.list("").expect("the first page");
    assert!(matches!(
        run.sync(id(3)),
        Err(Refusal::OverLimit { limit: 2, .. })
    ));
    run.batch(&[1, 2].map(id)).expect("the first two");
    let run = Run::new(Selection::default());
    let linux = format!(
        r#"{{"value":[{{"id":"{}","operatingSystem":"Linux"}}]}}"#,
        id(1)
    );
    run.reply(200, &linux);
    run.list("").expect("the first page");
    assert!(matches!(run.sync(id(1)), Err(Refusal::Unsupported(_))));
}

#[test]
fn a_device_that_matches_only_when_it_comes_again_is_one_of_the_run() {
    let run = Run::new(Selection {
        os: vec!["ios".to_owned()],
        ..Selection::default()
    });
    let row = |os: &str| format!(r#"{{"id":"{}","operatingSystem":"{os}"}}"#, id(1));
    let rows = ["Android", "iOS", "Android"].map(row).join(",");
    run.reply(200, &format!(r#"{{"value":[{rows}]}}"#));
    run.list("").expect("the first page");
    run.sync(id(1)).expect("its second row matches");
}

#[test]
fn none_after_a_definite_outcome() {
    for (status, said) in [
        (204, "accepted"),
        (404, "gone"),
        (409, "refused"),
        (403, "refused"),
    ] {
        let run = Run::of(&[1]);
        run.reply(status, "");
        run.sync(id(1)).expect("the first");
        match run.sync(id(1)) {
            Err(Refusal::Settled { outcome, .. }) => assert_eq!(outcome, said),
            other => panic!("{status}: {other:?}"),
        }
    }
}

/// To the operator it has failed: nothing that would show otherwise happens after that.
#[test]
fn none_after_the_component_has_reported_the_device_as_failed() {
    let run = Run::of(&[1]);
    for _ in 0..3 {
        run.reply(503, "");
        run.sync(id(1)).expect("a retry");
    }
    run.custody
        .device_done(id(1), ReportedOutcome::Failed)
        .expect("it was tried as often as `--max-retries` says");
    let refused = run.sync(id(1)).expect_err("it was reported");
    assert!(matches!(refused, Refusal::Settled { .. }), "{refused}");
}

#[test]
fn none_twice_in_one_request() {
    let run = Run::of(&[1, 2]);
    for twice in [run.batch(&[id(1), id(2), id(1)]), run.bulk(&[id(2), id(2)])] {
        assert!(matches!(twice, Err(Refusal::OnItsWay(_))), "{twice:?}");
    }
    assert_eq!(run.left().len(), 1, "the list");
}

#[test]
fn attempts_are_bounded_by_what_explains_them() {
    let run = Run::of(&[1]);
    for status in [429, 401] {
        for _ in 0..50 {
            run.reply(status, "");
            run.sync(id(1)).expect("it explains itself");
        }
    }
    // Two retries, and two more for what the component may count in another way.
    for _ in 0..1 + 2 + 2 {
        run.reply(503, "");
        run.sync(id(1)).expect("a retry");
    }
    assert!(matches!(
        run.sync(id(1)),
        Err(Refusal::Attempts { attempts: 105, .. })
    ));
}

#[test]
fn a_request_that_is_cancelled_before_it_leaves_was_never_there() {
    let run = Run::new(Selection::default());
    let path = format!("{DEVICES}/{}/syncDevice", id(1));
    for _ in 0..50 {
        drop(run.hold(Method::GET, DEVICES, "").expect("the first page"));
    }
    run.reply(200, &page(&[1], None));
    run.list("").expect("the first page");
    for _ in 0..50 {
        let held = run.hold(Method::POST, &path, "").expect("it is open");
        drop(held);
    }
    let failed = run.custody.device_done(id(1), ReportedOutcome::Failed);
    assert!(matches!(failed, Err(Untrue::Failure { .. })), "{failed:?}");
    assert_eq!(run.custody.counts().requests, 1, "the list");
    run.sync(id(1)).expect("it is open");
    let done = run.custody.device_done(id(1), ReportedOutcome::Accepted);
    assert_eq!(done.expect("true").attempts, 1);
}

#[test]
fn while_nothing_succeeds_no_device_is_blamed() {
    let run = Run::of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for device in (1..=10).chain([10; 20]) {
        run.no_reply();
        let sent = run.sync(id(device));
        assert_eq!(sent.expect("an outage").status, 0);
    }
    run.sync(id(1)).expect("Graph is back");
    for _ in 0..1 + 2 + 2 {
        run.no_reply();
        run.sync(id(10)).expect("it was not blamed before");
    }
    assert!(matches!(run.sync(id(10)), Err(Refusal::Attempts { .. })));
}

#[test]
fn each_item_and_each_device_of_a_bulk_action_has_its_own_outcome() {
    let run = Run::of(&[1, 2, 3, 4]);
    run.reply(
        200,
        r#"{"responses":[{"id":"2","status":404},{"id":"1","status":204},{"id":"3","status":429}]}"#,
    );
    run.batch(&[1, 2, 3, 4].map(id)).expect("all are listed");
    for settled in [1, 2] {
        assert!(
            matches!(run.sync(id(settled)), Err(Refusal::Settled { .. })),
            "{settled}"
        );
    }
    run.reply(
        200,
        &format!(
            r#"{{"successfulDeviceIds":["{}"],"failedDeviceIds":["{}"]}}"#,
            id(3),
            id(4)
        ),
    );
    run.bulk(&[3, 4].map(id)).expect("both are open");
    assert!(matches!(run.sync(id(3)), Err(Refusal::Settled { .. })));
    run.sync(id(4)).expect("it is open");
}

/// Something else than Graph has replied.
#[test]
fn a_success_that_is_not_json_is_none() {
    let run = Run::of(&[1]);
    run.reply(200, "<html>");
    run.sync(id(1)).expect("the first");
    let said = run.custody.device_done(id(1), ReportedOutcome::Accepted);
    assert_eq!(said, Err(Untrue::Success(id(1))));
    run.reply(200, "{}");
    run.sync(id(1)).expect("it is open");
    run.custody
        .device_done(id(1), ReportedOutcome::Accepted)
        .expect("true now");
}

#[test]
fn a_shared_request_that_fails_settles_none() {
    for status in [400, 403, 404, 405, 413, 429, 500] {
        let run = Run::of(&[1, 2]);
        run.reply(status, "");
        run.batch(&[1, 2].map(id)).expect("both are open");
        run.reply(status, "");
        run.bulk(&[1, 2].map(id)).expect("both are open");
        run.sync(id(1))
            .unwrap_or_else(|refusal| panic!("{status}: {refusal}"));
    }
}

#[test]
fn what_leaves_has_the_host_s_ids_and_the_component_gets_its_own_back() {
    const OWN: &str = "00000000-0000-4000-8000-00000000000c";
    let run = Run::of(&[1, 2]);
    let item = |name: &str, device: Guid| {
        format!(
            r#"{{"id":"{name}","method":"POST","url":"/deviceManagement/managedDevices/{device}/syncDevice"}}"#
        )
    };
    let body = format!(
        r#"{{"requests":[{},{}]}}"#,
        item("leak-1", id(1)),
        item("leak-2", id(2))
    );
    run.reply(
        200,
        r#"{"responses":[{"id":"2","status":204},{"id":"1","status":204}]}"#,
    );
    let got = run
        .send(Method::POST, "/v1.0/$batch", &body)
        .expect("both are open");
    assert_eq!(
        got.body,
        r#"{"responses":[{"id":"leak-2","status":204},{"id":"leak-1","status":204}]}"#
    );
    assert_eq!(got.headers["client-request-id"], OWN);
    let left = run.left().pop().expect("it left");
    assert_ne!(left.headers()["client-request-id"], OWN);
    let sent = String::from_utf8_lossy(left.body()).into_owned();
    assert!(
        !sent.contains("leak") && sent.contains(r#""id":"2""#),
        "{sent}"
    );
    assert_eq!(left.uri().path(), "/v1.0/$batch");
}
