//! The gate of a run: it decides as an independent rule does, and what it writes means what was requested.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use intune_sync_egress::{
    Proposal,
    sync::{Allowed, Call, Gate, ListRead, Rules, Writes},
};
use intune_sync_ids::Guid;

use crate::{request::Request, rule};

pub use crate::rule::{Meaning, Raw};

/// A root as (scheme, authority), spelled as the gate spells it.
pub type Root<'a> = (&'a str, &'a str);

/// The token that requests carry.
pub const TOKEN: &str = "surrogate-7c1f0e";

const GRAPH: Root<'_> = ("https", "graph.microsoft.com");

pub(crate) fn run(input: &[u8]) -> bool {
    let Some(request) = Request::read(input) else {
        return false;
    };
    let headers = request.headers.iter().map(|(name, value)| {
        // No value that is not UTF-8 may leave: the rule need not tell them apart.
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let raw = Raw {
        bulk: request.permitted == "bulk",
        method: request.method.to_string(),
        uri: request.uri.to_string(),
        headers: headers.collect(),
        body: request.body.to_owned(),
    };
    decide(&raw, &request.method, &request.uri, &request.headers, GRAPH)
}

/// Puts a request to the gate and to the rule; returns whether it may leave. `{root}` in its address is the root.
///
/// # Panics
///
/// When they differ.
pub fn compare(raw: &Raw, (scheme, host): Root<'_>) -> bool {
    let uri = raw.uri.replace("{root}", &format!("{scheme}://{host}"));
    // What the http crate does not take never reaches a gate.
    let (Ok(method), Ok(uri)) = (
        Method::from_bytes(raw.method.as_bytes()),
        uri.parse::<Uri>(),
    ) else {
        return false;
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &raw.headers {
        let name: HeaderName = name.parse().expect("the generators make header names");
        let value = HeaderValue::from_str(value).expect("the generators make header values");
        headers.append(name, value);
    }
    decide(raw, &method, &uri, &headers, (scheme, host))
}

fn decide(
    raw: &Raw,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    (scheme, host): Root<'_>,
) -> bool {
    let origin = format!("{scheme}://{host}").parse().expect("an origin");
    let gate = Gate::new(Rules {
        origin,
        writes: if raw.bulk {
            Writes::SyncsAndBulk
        } else {
            Writes::Syncs
        },
    });
    let proposal = Proposal {
        method,
        uri,
        headers,
        body: &raw.body,
    };
    let decision = gate.check(&proposal);
    // A fragment is taken off by the http crate.
    let raw = Raw {
        uri: uri.to_string(),
        ..raw.clone()
    };
    let expected = rule::decide(&raw, scheme, host);
    let bearers: Vec<&str> = raw
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .map(|(_, value)| value.as_str())
        .collect();
    match &decision {
        Err(refusal) => {
            let shown = refusal.to_string();
            let carried = bearers == [format!("Bearer {TOKEN}")];
            assert!(!(carried && shown.contains(TOKEN)), "{shown}");
            assert!(shown.len() < 700, "{shown}");
        }
        Ok(allowed) => {
            let bearer = format!("Bearer {}", allowed.token.expose());
            assert!(bearers.contains(&bearer.as_str()), "{bearer}");
            let head = gate.check_head(&proposal);
            assert!(head.is_ok(), "the head alone is refused: {head:?}");
        }
    }
    let meaning = decision
        .as_ref()
        .ok()
        .map(|allowed| meaning(allowed, scheme, host));
    assert_eq!(meaning, expected, "{decision:?}");
    meaning.is_some()
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
            rule::guid(id).as_deref(),
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
            match rule::first_page(query).as_deref() == Some(query) {
                true => Meaning::List(query.to_owned()),
                false => Meaning::Link(query.to_owned()),
            }
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
            let Call::Batch(own) = &allowed.call else {
                panic!("`call` says what leaves, not {:?}", allowed.call);
            };
            assert_eq!(items.len(), own.len());
            let items = items.iter().zip(own).zip(1..).map(|((item, own), number)| {
                assert_eq!(keys(item), ["id", "method", "url"]);
                assert_eq!(item["id"], number.to_string(), "items are numbered");
                assert_eq!(item["method"], "POST");
                let url = text(&item["url"]);
                match url.split('/').collect::<Vec<_>>()[..] {
                    ["", "deviceManagement", "managedDevices", id, "syncDevice"] => {
                        (own.id.clone(), strict(id))
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
        query.is_empty() || matches!(meaning, Meaning::List(_) | Meaning::Link(_)),
        "a query on {meaning:?}"
    );
    assert_eq!(
        allowed.body.is_empty(),
        matches!(
            meaning,
            Meaning::List(_) | Meaning::Link(_) | Meaning::Sync(_)
        )
    );
    for (name, value) in &allowed.headers {
        let value = value.to_str().expect("the gate writes ASCII");
        match name.as_str() {
            "accept" | "content-type" => assert_eq!(value, "application/json"),
            "user-agent" => assert!(value.starts_with("intune-sync/"), "{value}"),
            other => panic!("the header {other} was sent"),
        }
    }
    let (writes, reported) = match &allowed.call {
        Call::List(ListRead::First(query)) => (0, Meaning::List(query.to_string())),
        Call::List(ListRead::Further(query)) => (0, Meaning::Link(query.clone())),
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
