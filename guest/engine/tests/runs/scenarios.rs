//! Runs one by one: each checks one thing that a run does.

use std::time::Duration;

use intune_sync_engine::{
    Action, Run, Settings, TokenResponse, TokenSerial,
    contract::{
        Dispatch, Event, EventKind, Learned, Order, Outcome, Pace, Problem, Purpose, RunStatus,
    },
    http::{RequestId, Response},
};
use intune_sync_ids::Guid;

use crate::{
    drive::{self, run},
    graph::{Faults, Graph},
};

fn hundred() -> Graph {
    Graph::new(5, 100, Faults::default())
}

fn problem(status: &RunStatus) -> &Problem {
    match status {
        RunStatus::Interrupted(problem)
        | RunStatus::NotAuthorized(problem)
        | RunStatus::Failed(problem) => problem,
        other => panic!("no problem: {other:?}"),
    }
}

#[test]
fn batches_are_paced_as_in_the_runbook() {
    let finished = run(drive::settings(), &mut hundred());
    let times = |wanted: fn(&EventKind) -> bool| -> Vec<u64> {
        finished
            .events
            .iter()
            .filter(|event| wanted(&event.kind))
            .map(|event| event.at)
            .collect()
    };
    let started = times(|kind| matches!(kind, EventKind::BatchStarted(_)));
    let ended = times(|kind| matches!(kind, EventKind::BatchFinished(_)));
    assert_eq!((started.len(), ended.len()), (2, 2));
    assert_eq!(
        started[1],
        ended[0] + 10_000,
        "the delay is between batches"
    );
    assert_eq!(
        finished.summary.duration, ended[1],
        "and none after the last"
    );
    assert_eq!(
        (
            finished.summary.total,
            finished.summary.success,
            finished.summary.batches
        ),
        (100, 100, 2)
    );
}

#[test]
fn the_list_is_complete_before_the_first_write() {
    let finished = run(drive::settings(), &mut hundred());
    let first_write = finished
        .sent
        .iter()
        .position(|(_, request)| request.body.is_some())
        .expect("a write");
    assert!(
        finished.sent[first_write..]
            .iter()
            .all(|(_, request)| request.body.is_some())
    );
    assert_eq!(first_write, 15, "100 devices in pages of 7");
}

/// A run that has requested the first page.
fn listing() -> (Run, RequestId) {
    let settings = Settings::try_from(drive::settings()).expect("they are in range");
    let mut run = Run::new(settings);
    let token = TokenResponse::Token {
        serial: TokenSerial(1),
        lifetime: Duration::from_hours(1),
    };
    assert_eq!(
        run.poll(Duration::ZERO),
        Action::GetToken { rejected: None }
    );
    run.handle_token(Duration::ZERO, token);
    match run.poll(Duration::ZERO) {
        Action::Send(request) => (run, request.id),
        other => panic!("{other:?}"),
    }
}

/// A page that is on its way changes nothing: a run that is stopped does not wait for it.
#[test]
fn a_stop_does_not_wait_for_a_page() {
    let (mut run, _) = listing();
    run.stop();
    assert_eq!(run.poll(Duration::from_secs(1)), Action::Done);
    assert_eq!(run.summary().status, RunStatus::Stopped);
}

/// The caller may have little time, and each row may be compared with many patterns.
#[test]
fn a_page_is_taken_in_parts() {
    let rows: Vec<String> = (0..1_000)
        .map(|n| format!(r#"{{"id":"00000000-0000-4000-8000-{n:012}"}}"#))
        .collect();
    let page = || Response {
        status: 200,
        body: format!(r#"{{"value":[{}]}}"#, rows.join(",")).into(),
        ..Response::default()
    };

    let (mut run, request) = listing();
    run.handle_response(Duration::ZERO, request, Ok(page()));
    for part in 1..10 {
        assert_eq!(run.poll(Duration::ZERO), Action::Yield, "part {part}");
        assert_eq!(run.events(), [], "part {part}");
    }
    assert_eq!(run.poll(Duration::ZERO), Action::Yield);
    let is_plan = |event: &Event| matches!(event.kind, EventKind::Planned(_));
    assert!(run.events().iter().any(is_plan), "before the first write");
    assert_eq!(run.selected(0).len(), 1_000);
    assert!(matches!(run.poll(Duration::ZERO), Action::Send(_)));

    let (mut run, request) = listing();
    run.handle_response(Duration::ZERO, request, Ok(page()));
    assert_eq!(run.poll(Duration::ZERO), Action::Yield);
    run.stop();
    assert_eq!(run.poll(Duration::ZERO), Action::Done, "in mid-page");
}

#[test]
fn a_plan_writes_nothing() {
    let mut settings = drive::settings();
    settings.purpose = Purpose::Plan;
    let finished = run(settings, &mut hundred());
    assert!(
        finished
            .sent
            .iter()
            .all(|(_, request)| request.body.is_none())
    );
    let plan = finished.events.iter().find_map(|event| match &event.kind {
        EventKind::Planned(plan) => Some(plan.clone()),
        _ => None,
    });
    let plan = plan.expect("a plan");
    assert_eq!(
        (plan.total, plan.to_sync, plan.batches, plan.requests),
        (100, 100, 2, 7)
    );
    // Two batches, in requests of 4, 20, 20, 6 and of 20, 20, 10: 44 and 40 of the 50 devices wait for the ceiling, and
    // once the delay; each time in whole milliseconds.
    let interval = 1000.0 / 9.75;
    let expected = 44.0 * interval + 10_000.0 + 40.0 * interval;
    assert!(
        (plan.expected as f64 - expected).abs() <= 5.0,
        "{} of {expected}",
        plan.expected
    );
    assert_eq!(finished.summary.status, RunStatus::Completed);
    assert_eq!(finished.summary.pending, 100);
}

#[test]
fn the_estimate_is_what_a_run_without_latency_takes() {
    for (dispatch, pace) in [
        (Dispatch::Batch, Pace::Fixed),
        (Dispatch::Batch, Pace::Quota),
        (Dispatch::Single, Pace::Fixed),
        (Dispatch::Single, Pace::Quota),
    ] {
        let mut settings = drive::settings();
        (settings.dispatch, settings.pace) = (dispatch, pace);
        let finished = run(settings, &mut hundred());
        let planned = finished.events.iter().find_map(|event| match &event.kind {
            EventKind::Planned(plan) => Some((event.at, plan.expected)),
            _ => None,
        });
        let (at, expected) = planned.expect("a plan");
        let took = finished.summary.duration - at;
        // The latency of the test's Graph is 3 s at most, once a batch.
        assert!(
            took >= expected && took <= expected + 6_000,
            "{dispatch:?} {pace:?}: {took} of {expected} ms"
        );
    }
}

#[test]
fn a_limit_takes_the_first_in_order() {
    let mut settings = drive::settings();
    settings.selection.limit = Some(30);
    settings.selection.order = Order::Stalest;
    let mut graph = hundred();
    let finished = run(settings, &mut graph);
    assert_eq!((finished.summary.total, finished.summary.success), (30, 30));
    assert_eq!(graph.requested.len(), 30);
}

#[test]
fn named_devices_that_are_not_listed_are_still_sent() {
    let mut graph = hundred();
    let unlisted = Guid::random(77);
    let mut settings = drive::settings();
    settings.selection.devices = vec![graph.devices[3].into(), unlisted.into()];
    let finished = run(settings.clone(), &mut graph);
    assert_eq!(finished.summary.total, 2);
    assert_eq!(graph.requested.keys().copied().collect::<Vec<_>>().len(), 2);
    assert!(graph.requested.contains_key(&unlisted));

    settings.selection.os = vec!["windows".into()];
    let finished = run(settings, &mut hundred());
    assert_eq!((finished.summary.success, finished.summary.gone), (1, 1));
    assert_eq!(finished.outcomes()[&unlisted], [Outcome::Gone]);
}

#[test]
fn skipped_devices_of_an_earlier_run_are_not_counted() {
    let mut graph = hundred();
    let done = graph.devices[..40].to_vec();
    let mut first = true;
    let finished = drive::run_with(drive::settings(), &mut graph, |run, _, _| {
        if std::mem::take(&mut first) {
            run.skip(done.iter().copied());
        }
    });
    assert_eq!((finished.summary.total, finished.summary.success), (60, 60));
}

#[test]
fn the_devices_to_sync_are_handed_out_by_their_ids() {
    let mut graph = hundred();
    let mut devices = graph.devices.clone();
    devices.sort_unstable();
    let mut selected = Vec::new();
    drive::run_with(drive::settings(), &mut graph, |run, _, _| {
        if selected.is_empty() {
            selected = run.selected(0);
            assert_eq!(run.selected(99), selected.get(99..).unwrap_or_default());
            assert!(run.selected(100).is_empty());
        }
    });
    let ids: Vec<Guid> = selected.iter().map(|device| device.id.into()).collect();
    assert_eq!(ids, devices);
    assert!(selected.iter().all(|device| !device.os.is_empty()));
}

#[test]
fn an_outage_is_no_devices_failure() {
    let down = Faults {
        transient: 100,
        ..Faults::default()
    };
    for (ends_after, status) in [
        (Some(130), RunStatus::Completed),
        (None, RunStatus::Stopped),
    ] {
        let mut settings = drive::settings();
        settings.give_up_after = 1_800_000;
        // What fails until it counts as an outage is the devices'.
        settings.max_retries = 10;
        let mut graph = hundred();
        let finished = drive::run_with(settings, &mut graph, |_, graph, sent| {
            let over = ends_after.is_some_and(|last| sent > last);
            graph.faults = match sent > 15 && !over {
                true => down,
                false => Faults::default(),
            };
        });
        let summary = finished.summary;
        assert_eq!(summary.error, 0, "{summary:?}");
        match status {
            RunStatus::Completed => assert_eq!(summary.success, 100, "{summary:?}"),
            _ => {
                assert!(matches!(summary.status, RunStatus::Interrupted(_)));
                // The last probe left a minute after the one before, at most.
                assert!((1_800_000..1_900_000).contains(&summary.duration));
                assert!(summary.pending > 0);
            }
        }
    }
}

#[test]
fn a_part_of_a_run_begins_with_the_rate_that_the_one_before_has_learned() {
    let learned = |rate| {
        Some(Learned {
            rate,
            bulk_counts_devices: false,
        })
    };
    let mut settings = drive::settings();
    (settings.dispatch, settings.pace) = (Dispatch::Single, Pace::Quota);
    let quick = run(settings.clone(), &mut hundred()).summary.duration;
    settings.learned = learned(1_000);
    let mut rate = None;
    let finished = drive::run_with(settings, &mut hundred(), |run, _, _| rate = run.learned());
    assert_eq!(finished.summary.success, 100);
    assert!(finished.summary.duration > quick + 60_000, "{quick}");
    // In whole syncs a window.
    assert_eq!(rate, learned(975));
}

#[test]
fn a_device_that_always_fails_is_given_up_after_its_retries() {
    for dispatch in [Dispatch::Single, Dispatch::Batch] {
        let faults = Faults {
            transient: 100,
            ..Faults::default()
        };
        let mut graph = Graph::new(5, 5, Faults::default());
        let mut settings = drive::settings();
        (settings.dispatch, settings.max_retries) = (dispatch, 3);
        let finished = drive::run_with(settings, &mut graph, |_, graph, sent| {
            if sent > 0 {
                graph.faults = faults;
            }
        });
        assert_eq!(finished.summary.status, RunStatus::Completed);
        assert_eq!((finished.summary.error, finished.summary.retries), (5, 15));
        let failed = finished
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::DeviceDone(done) => Some(done.attempts),
                _ => None,
            });
        assert_eq!(
            failed.collect::<Vec<_>>(),
            [4; 5],
            "once, and three more times"
        );
    }
}

#[test]
fn a_page_that_always_fails_ends_the_run_after_its_retries() {
    let mut graph = Graph::new(
        5,
        5,
        Faults {
            transient: 100,
            ..Faults::default()
        },
    );
    let mut settings = drive::settings();
    settings.max_retries = 3;
    let finished = run(settings, &mut graph);
    assert_eq!(finished.sent.len(), 4, "one page, tried four times");
    assert!(
        problem(&finished.summary.status)
            .message
            .contains("after 4 attempts")
    );
    assert!(matches!(finished.summary.status, RunStatus::Failed(_)));
}

#[test]
fn a_graph_that_is_down_ends_the_run_early_and_resumable() {
    let mut graph = Graph::new(5, 2_000, Faults::default());
    let mut settings = drive::settings();
    (settings.pace, settings.dispatch, settings.ceiling) =
        (Pace::Quota, Dispatch::Single, 1_000_000);
    let finished = drive::run_with(settings, &mut graph, |_, graph, sent| {
        if sent == 700 {
            graph.faults.no_response = 100;
        }
    });
    assert!(
        matches!(finished.summary.status, RunStatus::Interrupted(_)),
        "{:?}",
        finished.summary.status
    );
    assert!(
        finished.summary.pending > 1_000,
        "most devices were spared: {:?}",
        finished.summary
    );
}

#[test]
fn nothing_but_throttled_responses_ends_the_run_in_time() {
    let mut graph = Graph::new(
        5,
        50,
        Faults {
            throttled: 100,
            ..Faults::default()
        },
    );
    let finished = run(drive::settings(), &mut graph);
    assert!(matches!(finished.summary.status, RunStatus::Interrupted(_)));
    assert!(finished.summary.duration < 3_600_000);
    assert!(graph.early.is_empty(), "{:?}", graph.early);
}

#[test]
fn times_are_whole_milliseconds() {
    let finished = run(drive::settings(), &mut hundred());
    assert!(
        finished
            .sent
            .iter()
            .all(|(at, _)| at.subsec_nanos().is_multiple_of(1_000_000))
    );
    assert!(finished.sent.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    assert!(
        finished.summary.duration > 0
            && finished
                .sent
                .last()
                .is_some_and(|(at, _)| *at > Duration::ZERO)
    );
}

/// Who wants to know which share of the tenant it is gets the whole list.
#[test]
fn graph_filters_unless_the_whole_list_is_wanted() {
    for whole in [false, true] {
        let mut settings = drive::settings();
        settings.selection.os = vec!["windows".to_owned()];
        settings.whole_list = whole;
        let finished = run(settings, &mut hundred());
        let (_, first) = &finished.sent[0];
        assert_eq!(first.path_and_query.contains("$filter="), !whole);
        assert!(first.path_and_query.contains("$select="));
    }
}

#[test]
fn a_selection_that_names_nobody_takes_nobody() {
    let mut settings = drive::settings();
    settings.selection.named_only = true;
    let finished = run(settings, &mut hundred());
    assert_eq!(finished.summary.total, 0, "{:?}", finished.summary);
    assert_eq!(finished.summary.status, RunStatus::Completed);
    assert!(
        finished
            .sent
            .iter()
            .all(|(_, request)| request.body.is_none())
    );
}

#[test]
fn values_that_match_nothing_are_noticed_before_the_plan() {
    let mut settings = drive::settings();
    settings.purpose = Purpose::Plan;
    settings.selection.os = vec!["Windws".to_owned()];
    settings.selection.name = (0..30).map(|n| format!("none {n}")).collect();
    let finished = run(settings, &mut hundred());
    let events = finished.events.iter().map(|event| &event.kind);
    let until_plan = events.take_while(|kind| !matches!(kind, EventKind::Planned(_)));
    let notices: Vec<&String> = until_plan
        .filter_map(|kind| match kind {
            EventKind::Notice(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(notices.len(), 21, "{notices:?}");
    assert!(
        notices[0].starts_with("`Windws` for `os` matches no listed device: they have `"),
        "{notices:?}"
    );
    assert_eq!(notices[20], "and 11 more values match no listed device");
}
