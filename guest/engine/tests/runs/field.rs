//! Responses as they have been seen in the field, and what a run makes of them.

use std::{cell::RefCell, ops::Range, rc::Rc};

use intune_sync_engine::{
    contract::{Dispatch, EventKind, Incomplete, Outcome, Pace, RunStatus},
    http::{Request, Response},
};
use intune_sync_ids::Guid;
use serde_json::{Value, json};

use crate::{
    drive::{self, Finished, run},
    graph::{Faults, Graph, Script},
};

const LIST: &str = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";

fn response(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response {
        status,
        headers: vec![],
        body: body.into(),
    }
}

/// A Graph with this many devices and a script.
fn scripted(devices: usize, script: impl FnMut(&Request) -> Option<Response> + 'static) -> Graph {
    let mut graph = Graph::new(5, devices, Faults::default());
    graph.script = Some(Box::new(script) as Script);
    graph
}

fn is_page(request: &Request) -> bool {
    request.body.is_none() && !request.path_and_query.ends_with("/syncDevice")
}

/// A script that responds with these to the first requests for a page, or to the first others.
fn first(pages: bool, responses: Vec<Response>) -> impl FnMut(&Request) -> Option<Response> {
    let mut responses = responses.into_iter();
    move |request| {
        (is_page(request) == pages)
            .then(|| responses.next())
            .flatten()
    }
}

fn notices(finished: &Finished) -> Vec<&str> {
    let notices = finished
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Notice(text) => Some(text.as_str()),
            _ => None,
        });
    notices.collect()
}

fn incomplete(finished: &Finished) -> Option<Incomplete> {
    finished.events.iter().find_map(|event| match &event.kind {
        EventKind::Incomplete(incomplete) => Some(*incomplete),
        _ => None,
    })
}

fn rows(ids: &[Guid]) -> Vec<Value> {
    ids.iter().map(|id| json!({"id": id.to_string()})).collect()
}

/// The ids of the batch in a request, by item.
fn items(request: &Request) -> Vec<(String, Guid)> {
    let body: Value =
        serde_json::from_str(request.body.as_deref().unwrap_or_default()).unwrap_or_default();
    let items = body["requests"].as_array().into_iter().flatten();
    let item = |item: &Value| {
        let id = item["url"].as_str()?.split('/').nth(3)?.parse().ok()?;
        Some((item["id"].as_str()?.to_owned(), id))
    };
    items.filter_map(item).collect()
}

#[test]
fn a_page_that_no_parser_takes_is_read_all_the_same() {
    let ids: Vec<Guid> = (1..=3).map(Guid::random).collect();
    let [first_id, second, third] = [ids[0], ids[1], ids[2]];
    let mut page = b"\xef\xbb\xbf{\"value\":[null,".to_vec();
    page.extend(format!(r#"{{"id":"{first_id}","deviceName":"Jane's iPad \ud83d"}},"#).bytes());
    page.extend(format!(r#"{{"id":"x","id":"{second}","deviceName":"K"#).bytes());
    page.extend(b"\xfcche \x07\"},");
    page.extend(format!(r#"{{"id":"{third}","deviceName":null}}]}}"#).bytes());
    let finished = run(
        drive::settings(),
        &mut scripted(0, first(true, vec![response(200, page)])),
    );
    assert_eq!(finished.summary.success, 3, "{:?}", finished.summary);
    assert_eq!(finished.summary.retries, 0);
    let names = finished
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::DeviceDone(done) => Some(done.name.as_str()),
            _ => None,
        });
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    assert_eq!(names, ["", "Jane's iPad \u{fffd}", "K\u{fffd}che \u{fffd}"]);
    assert_eq!(
        notices(&finished),
        ["1 listed devices have no usable id and are left out"]
    );
}

#[test]
fn half_a_character_in_one_item_costs_the_others_nothing() {
    let mut graph = scripted(4, |request| {
        let items = items(request);
        let responses = items.iter().zip(0..).map(|((item, _), at)| match at {
            0 => format!(
                r#"{{"id":"{item}","status":400,"body":{{"error":{{"code":"x","message":"\ud83d"}}}}}}"#
            ),
            _ => format!(r#"{{"id":"{item}","status":204}}"#),
        });
        let responses: Vec<String> = responses.collect();
        let body = format!("\u{feff}{{\"responses\":[{}]}}", responses.join(","));
        (!items.is_empty()).then(|| response(200, body))
    });
    let finished = run(drive::settings(), &mut graph);
    assert_eq!((finished.summary.success, finished.summary.error), (3, 1));
    assert_eq!(finished.sent.len(), 2, "a page and a batch");
}

#[test]
fn a_bulk_response_is_read_behind_a_byte_order_mark() {
    let mut graph = scripted(3, |request| {
        let body: Value = serde_json::from_str(request.body.as_deref()?).ok()?;
        let lists = json!({"successfulDeviceIds": body["deviceIds"], "failedDeviceIds": []});
        Some(response(200, format!("\u{feff}{lists}")))
    });
    let mut settings = drive::settings();
    settings.dispatch = Dispatch::Bulk;
    let finished = run(settings, &mut graph);
    assert_eq!((finished.summary.success, finished.summary.retries), (3, 0));
}

#[test]
fn an_error_with_status_200_is_an_error() {
    let error = r#"{"error":{"code":"ServiceUnavailable","message":"Try again."}}"#;
    for dispatch in [Dispatch::Single, Dispatch::Batch, Dispatch::Bulk] {
        let script = first(false, vec![response(200, error)]);
        let mut settings = drive::settings();
        settings.dispatch = dispatch;
        let finished = run(settings, &mut scripted(3, script));
        assert_eq!(finished.summary.success, 3, "{dispatch:?}");
        let codes = finished
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Retrying(retrying) => Some(retrying.code.as_str()),
                _ => None,
            });
        assert_eq!(
            codes.collect::<Vec<_>>(),
            ["ServiceUnavailable"],
            "{dispatch:?}"
        );
    }
}

#[test]
fn an_item_with_an_error_and_status_200_is_tried_again() {
    let mut requests = 0;
    let mut graph = scripted(2, move |request| {
        let items = items(request);
        requests += u32::from(!items.is_empty());
        let error = json!({"error": {"code": "InternalServerError", "message": "x"}});
        let responses: Vec<Value> = items
            .iter()
            .map(|(item, _)| json!({"id": item, "status": 200, "body": error}))
            .collect();
        (requests == 1 && !items.is_empty())
            .then(|| response(200, json!({ "responses": responses }).to_string()))
    });
    let finished = run(drive::settings(), &mut graph);
    assert_eq!((finished.summary.success, finished.summary.retries), (2, 2));
}

#[test]
fn a_page_with_rows_and_an_error_is_not_the_end_of_the_list() {
    let row = Guid::random(77).to_string();
    let page = json!({"value": [{"id": row}], "error": {"code": "x", "message": "cut"}});
    let script = first(true, vec![response(200, page.to_string())]);
    let finished = run(drive::settings(), &mut scripted(3, script));
    assert_eq!((finished.summary.total, finished.summary.retries), (3, 1));
}

#[test]
fn devices_that_may_not_be_synced_are_failures_of_their_own_once_others_were_accepted() {
    for dispatch in [Dispatch::Single, Dispatch::Batch] {
        for forbidden in [0..1, 1..2, 39..40, 5..10, 20..40, 10..30] {
            // The first one of a run is the first write: alone, its refusal is the run's.
            if (dispatch, forbidden.start) == (Dispatch::Single, 0) {
                continue;
            }
            for pace in [Pace::Fixed, Pace::Quota] {
                let context = format!("{dispatch:?} {pace:?} {forbidden:?}");
                let many = forbidden.len();
                let finished = refused(dispatch, pace, forbidden.clone(), 403);
                assert_eq!(finished.summary.status, RunStatus::Completed, "{context}");
                assert_eq!(finished.summary.success as usize, 40 - many, "{context}");
                assert_eq!(finished.summary.error as usize, many, "{context}");
            }
        }
    }
}

#[test]
fn devices_whose_token_is_refused_for_ever_are_failures_of_their_own() {
    for dispatch in [Dispatch::Single, Dispatch::Batch] {
        for refused_devices in [0..1, 1..2, 39..40, 5..9, 34..40] {
            for pace in [Pace::Fixed, Pace::Quota] {
                let context = format!("{dispatch:?} {pace:?} {refused_devices:?}");
                let many = refused_devices.len();
                let finished = refused(dispatch, pace, refused_devices.clone(), 401);
                assert_eq!(finished.summary.status, RunStatus::Completed, "{context}");
                assert_eq!(finished.summary.success as usize, 40 - many, "{context}");
                assert_eq!(finished.summary.error as usize, many, "{context}");
            }
        }
    }
}

/// A run over 40 devices, some of which always have this status.
fn refused(dispatch: Dispatch, pace: Pace, devices: Range<usize>, status: u16) -> Finished {
    let mut graph = Graph::new(5, 40, Faults::default());
    let ids = graph.devices[devices].to_vec();
    graph.script = Some(Box::new(move |request| {
        let error = json!({"error": {"code": "Refused", "message": "no"}});
        if ids
            .iter()
            .any(|id| request.path_and_query.contains(&id.to_string()))
        {
            return Some(response(status, error.to_string()));
        }
        let items = items(request);
        let responses: Vec<Value> = items
            .iter()
            .map(|(item, device)| match ids.contains(device) {
                true => json!({"id": item, "status": status, "body": error}),
                false => json!({"id": item, "status": 204}),
            })
            .collect();
        (!items.is_empty()).then(|| response(200, json!({ "responses": responses }).to_string()))
    }));
    let mut settings = drive::settings();
    (settings.dispatch, settings.pace) = (dispatch, pace);
    run(settings, &mut graph)
}

#[test]
fn a_403_of_a_proxy_is_tried_again() {
    for pages in [true, false] {
        let html = response(403, "<html>Forbidden</html>");
        let finished = run(
            drive::settings(),
            &mut scripted(3, first(pages, vec![html])),
        );
        assert_eq!(
            finished.summary.status,
            RunStatus::Completed,
            "pages: {pages}"
        );
        assert_eq!(finished.summary.success, 3);
    }
}

#[test]
fn a_query_that_graph_refuses_is_made_simpler() {
    for status in [400, 500, 501] {
        for refused in ["$filter", "$select"] {
            let mut graph = scripted(3, move |request| {
                let refuse = request.path_and_query.contains(refused);
                refuse.then(|| response(status, ""))
            });
            let mut settings = drive::settings();
            settings.selection.os = vec!["windows".to_owned()];
            settings.max_retries = 2;
            let finished = run(settings, &mut graph);
            let context = format!("{refused} {status}: {:?}", finished.summary.status);
            assert_eq!(finished.summary.success, 3, "{context}");
            let notices = notices(&finished);
            let last = notices.last().expect("a notice");
            assert!(last.contains(&status.to_string()), "{context}: {last}");
            let what = if refused == "$filter" {
                "the filter"
            } else {
                "`$select`"
            };
            assert!(last.contains(what), "{context}: {last}");
        }
    }
}

#[test]
fn a_list_whose_link_has_expired_is_read_again_once() {
    for status in [400, 410] {
        let expired = Rc::new(RefCell::new(0));
        let seen = Rc::clone(&expired);
        let script = |most: u32| {
            let seen = Rc::clone(&seen);
            move |request: &Request| {
                let refuse = request.path_and_query.contains("skip=14") && *seen.borrow() < most;
                *seen.borrow_mut() += u32::from(refuse);
                refuse.then(|| response(status, ""))
            }
        };
        let finished = run(drive::settings(), &mut scripted(40, script(1)));
        assert_eq!((finished.summary.total, finished.summary.success), (40, 40));
        assert_eq!(notices(&finished).len(), 1, "{:?}", notices(&finished));
        *expired.borrow_mut() = 0;
        let finished = run(drive::settings(), &mut scripted(40, script(2)));
        assert!(matches!(finished.summary.status, RunStatus::Failed(_)));
    }
}

#[test]
fn a_list_that_is_shorter_than_it_says_is_reported_with_both_numbers() {
    let ids: Vec<Guid> = (1..=40).map(Guid::random).collect();
    let link = format!("{LIST}?skip=7");
    for (member, value, counted) in [
        ("@odata.count", json!(949), Some(949)),
        ("odata.nextLink", json!(link), None),
        ("@nextLink", json!(link), None),
        ("@odata.nextLink", json!({ "href": link }), None),
    ] {
        let mut page = json!({ "value": rows(&ids) });
        page[member] = value;
        let script = first(true, vec![response(200, page.to_string())]);
        let finished = run(drive::settings(), &mut scripted(40, script));
        assert_eq!(finished.summary.success, 40, "{member}");
        let listed = 40;
        assert_eq!(
            incomplete(&finished),
            Some(Incomplete { listed, counted }),
            "{member}"
        );
    }
    let page = json!({"value": rows(&ids), "@odata.count": 40});
    let script = first(true, vec![response(200, page.to_string())]);
    let finished = run(drive::settings(), &mut scripted(40, script));
    assert_eq!(incomplete(&finished), None);
}

#[test]
fn a_link_with_raw_characters_or_of_many_bytes_is_followed() {
    for (token, sent) in [
        (
            "Büro \"<{x}>".to_owned(),
            "B%C3%BCro%20%22%3C%7Bx%7D%3E".to_owned(),
        ),
        ("x".repeat(20_000), "x".repeat(20_000)),
    ] {
        let page = json!({"value": [], "@odata.nextLink": format!("{LIST}?skip={token}")});
        let last = json!({"value": []});
        let pages = vec![
            response(200, page.to_string()),
            response(200, last.to_string()),
        ];
        let finished = run(drive::settings(), &mut scripted(0, first(true, pages)));
        let path = &finished.sent[1].1.path_and_query;
        assert_eq!(
            path.split_once("skip=").map(|(_, token)| token),
            Some(&*sent)
        );
        assert_eq!(finished.summary.status, RunStatus::Completed);
    }
    let page = json!({"value": [], "@odata.nextLink": format!("{LIST}?{}", "x".repeat(40_000))});
    let script = first(true, vec![response(200, page.to_string())]);
    let finished = run(drive::settings(), &mut scripted(0, script));
    let RunStatus::Failed(problem) = &finished.summary.status else {
        panic!("{:?}", finished.summary.status);
    };
    assert!(
        problem.message.starts_with("Microsoft Graph's link"),
        "{}",
        problem.message
    );
}

#[test]
fn a_redirect_names_its_target() {
    let mut redirect = response(302, "<html>Object moved</html>");
    redirect.headers = vec![(
        "location".to_owned(),
        "https://login.example/x?secret".to_owned(),
    )];
    let script = first(true, vec![redirect]);
    let finished = run(drive::settings(), &mut scripted(3, script));
    let RunStatus::Failed(problem) = &finished.summary.status else {
        panic!("{:?}", finished.summary.status);
    };
    assert!(
        problem.message.contains("`https://login.example/x`"),
        "{}",
        problem.message
    );
    assert!(!problem.message.contains("secret"), "{}", problem.message);
}

#[test]
fn the_time_in_a_message_within_a_message_is_waited_for() {
    let inner = json!({"Message": "slow", "RetryAfter": 9}).to_string();
    let message = json!({"Message": inner}).to_string();
    let error = json!({"error": {"code": "TooManyRequests", "message": message}});
    let script = first(false, vec![response(429, error.to_string())]);
    let finished = run(drive::settings(), &mut scripted(3, script));
    let waits = finished
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Throttled(throttled) => Some((throttled.wait, throttled.named)),
            _ => None,
        });
    assert_eq!(waits.collect::<Vec<_>>(), [(9_000, true)]);
    assert!(
        finished
            .outcomes()
            .values()
            .all(|all| *all == [Outcome::Accepted])
    );
}
