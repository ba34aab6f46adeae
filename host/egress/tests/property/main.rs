//! Whatever the gate is given, it decides as the independent checker does, and what it writes means what was requested.
//!
//! `PROPTEST_CASES` sets the number of requests: `PROPTEST_CASES=1000000 cargo test --release -p intune-sync-egress`.

mod checker;
mod generate;

use std::cell::Cell;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use intune_sync_egress::{
    Proposal,
    sync::{Allowed, Call, Gate, Rules, Writes},
};
use intune_sync_ids::Guid;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use checker::{Meaning, Raw};
use generate::{TOKEN, built, mutated};

const DEFAULT_CASES: u32 = 50_000;

/// Roots as (scheme, authority), spelled as the gate spells them.
const ROOTS: [(&str, &str); 2] = [("https", "graph.microsoft.com"), ("http", "127.0.0.1:8080")];

#[test]
fn decides_as_the_rule_says() {
    let cases = std::env::var("PROPTEST_CASES").map_or(DEFAULT_CASES, |text| {
        text.parse().expect("a number of cases")
    });
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let (allowed, refused) = (Cell::new(0_u32), Cell::new(0_u32));
    let request = (prop_oneof![8 => mutated(), 2 => built()], any::<bool>());
    TestRunner::new(config)
        .run(&request, |(raw, local)| {
            let counter = if compare(&raw, ROOTS[usize::from(local)])? {
                &allowed
            } else {
                &refused
            };
            counter.set(counter.get() + 1);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    // Neither side of the question went unasked.
    let least = cases / 20;
    assert!(
        allowed.get() > least && refused.get() > least,
        "{allowed:?} allowed, {refused:?} refused"
    );
}

/// Puts one request to both; returns whether it may leave.
fn compare(raw: &Raw, (scheme, host): (&str, &str)) -> Result<bool, TestCaseError> {
    let raw = Raw {
        uri: raw.uri.replace("{root}", &format!("{scheme}://{host}")),
        ..raw.clone()
    };
    // What the http crate does not take never reaches a gate.
    let (Ok(method), Ok(uri)) = (
        Method::from_bytes(raw.method.as_bytes()),
        raw.uri.parse::<Uri>(),
    ) else {
        return Ok(false);
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &raw.headers {
        let name: HeaderName = name.parse().expect("the generators make header names");
        headers.append(
            name,
            HeaderValue::from_str(value).expect("the generators make header values"),
        );
    }
    let origin = format!("{scheme}://{host}").parse().expect("an origin");
    let gate = Gate::new(Rules {
        origin,
        writes: if raw.bulk {
            Writes::SyncsAndBulk
        } else {
            Writes::Syncs
        },
    });
    let decision = gate.check(&Proposal {
        method: &method,
        uri: &uri,
        headers: &headers,
        body: &raw.body,
    });
    // A fragment is taken off by the http crate.
    let raw = Raw {
        uri: uri.to_string(),
        ..raw
    };
    let expected = checker::decide(&raw, scheme, host);
    if let Err(refusal) = &decision {
        let shown = refusal.to_string();
        prop_assert!(!shown.contains(TOKEN) && shown.len() < 700, "{shown}");
    }
    if let Ok(allowed) = &decision {
        let bearer = format!("Bearer {}", allowed.token.expose());
        prop_assert!(
            raw.headers.iter().any(|(_, value)| *value == bearer),
            "{bearer}"
        );
    }
    let meaning = decision
        .as_ref()
        .ok()
        .map(|allowed| meaning(allowed, scheme, host));
    prop_assert_eq!(&meaning, &expected, "{:?}", decision);
    Ok(meaning.is_some())
}

/// What a request means that the gate has written, read from its bytes alone. Panics when it has no business leaving.
fn meaning(allowed: &Allowed, scheme: &str, host: &str) -> Meaning {
    let body = || -> serde_json::Value {
        serde_json::from_slice(&allowed.body).expect("the gate writes JSON")
    };
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let strict = |id: &str| {
        assert_eq!(
            checker::guid(id).as_deref(),
            Some(id),
            "the gate writes GUIDs in lower case"
        );
        id.to_owned()
    };

    let uri = allowed.uri.to_string();
    let target = uri
        .strip_prefix(&format!("{scheme}://{host}"))
        .expect("the one root");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let segments: Vec<&str> = path.split('/').collect();
    let meaning = match (allowed.method.as_str(), segments.as_slice()) {
        ("GET", ["", "v1.0", "deviceManagement", "managedDevices"]) => {
            Meaning::List(query.to_owned())
        }
        (
            "POST",
            [
                "",
                "v1.0",
                "deviceManagement",
                "managedDevices",
                id,
                "syncDevice",
            ],
        ) => Meaning::Sync(strict(id)),
        ("POST", ["", "v1.0", "$batch"]) => {
            let body = body();
            assert_eq!(keys(&body), ["requests"]);
            let items = body["requests"].as_array().expect("items");
            let items = items.iter().map(|item| {
                assert_eq!(keys(item), ["id", "method", "url"]);
                assert_eq!(item["method"], "POST");
                let url = text(&item["url"]);
                match url.split('/').collect::<Vec<_>>()[..] {
                    ["", "deviceManagement", "managedDevices", id, "syncDevice"] => {
                        (text(&item["id"]), strict(id))
                    }
                    _ => panic!("an item that is not a sync: {url}"),
                }
            });
            Meaning::Batch(items.collect())
        }
        (
            "POST",
            [
                "",
                "beta",
                "deviceManagement",
                "managedDevices",
                "executeAction",
            ],
        ) => {
            let body = body();
            assert_eq!(keys(&body), ["actionName", "deviceIds"]);
            assert_eq!(body["actionName"], "syncDevice");
            let ids = body["deviceIds"].as_array().expect("ids");
            Meaning::Bulk(ids.iter().map(|id| strict(&text(id))).collect())
        }
        (method, _) => panic!("{method} {uri} was sent"),
    };

    assert!(
        query.is_empty() || matches!(meaning, Meaning::List(_)),
        "a query on {meaning:?}"
    );
    assert_eq!(
        allowed.body.is_empty(),
        matches!(meaning, Meaning::List(_) | Meaning::Sync(_))
    );
    for (name, value) in &allowed.headers {
        let value = value.to_str().expect("the gate writes ASCII");
        match name.as_str() {
            "accept" | "content-type" => assert_eq!(value, "application/json"),
            "user-agent" => assert!(value.starts_with("intune-sync/"), "{value}"),
            "client-request-id" => assert_eq!(checker::guid(value).as_deref(), Some(value)),
            other => panic!("the header {other} was sent"),
        }
    }
    let (writes, reported) = match &allowed.call {
        Call::List => (0, Meaning::List(query.to_owned())),
        Call::Sync(device) => (1, Meaning::Sync(device.to_string())),
        Call::Batch(items) => (
            items.len(),
            Meaning::Batch(
                items
                    .iter()
                    .map(|item| (item.id.clone(), item.device.to_string()))
                    .collect(),
            ),
        ),
        Call::Bulk(devices) => (
            devices.len(),
            Meaning::Bulk(devices.iter().map(Guid::to_string).collect()),
        ),
    };
    assert_eq!(reported, meaning, "`call` says what leaves");
    assert_eq!(allowed.call.writes() as usize, writes);
    meaning
}
