//! The exact bounds, in numbers of their own: the last that passes, and the first that does not.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use intune_sync_egress::{
    Anonymous, Authorization, Bearer, Carrier, ClientError, Credential, Gated, Limits, Proposal,
    ResponseBody, Rules, Timeouts, Transport, UnknownToken,
    doctor::{self, Probe},
    grant,
    groups::Further,
    sync::{self, PresentedToken, Writes},
    webhook,
};
use intune_sync_ids::Guid;

use crate::books::{books, books_with_list};

const ROOT: &str = "https://graph.microsoft.com";
const DEVICES: &str = "/v1.0/deviceManagement/managedDevices";
const ID: &str = "00112233-4455-6677-8899-aabbccddeeff";

fn rules<P>(writes: P) -> Rules<P> {
    Rules {
        origin: ROOT.parse().expect("an origin"),
        writes,
    }
}

/// Writes down how large each response may be, and gives none.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<u64>>>);

impl Transport for Recorder {
    fn send<'a>(
        &'a self,
        _: Request<Bytes>,
        limits: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        self.0.lock().expect("no panic").push(limits.body);
        let host = "graph".to_owned();
        Box::pin(std::future::ready(Err(ClientError::Refused { host })))
    }
}

impl Recorder {
    fn recorded(&self) -> Vec<u64> {
        self.0.lock().expect("no panic").clone()
    }
}

struct Fixed;

impl Credential<PresentedToken> for Fixed {
    fn authorization(&self, _: &PresentedToken) -> Result<Option<Authorization>, UnknownToken> {
        Ok(None)
    }
}

/// Puts a request to a gate that lists it.
macro_rules! admitted {
    ($gated:expr, $method:expr, $path:expr, $body:expr) => {{
        let method: Method = $method.parse().expect("a method");
        let uri: Uri = format!("{ROOT}{}", $path).parse().expect("a URI");
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer x".parse().expect("a value"));
        let admitted = $gated.admit(&Proposal {
            method: &method,
            uri: &uri,
            headers: &headers,
            body: $body.as_bytes(),
        });
        admitted.expect("it is on the list")
    }};
}

/// Sends each request through a gate and returns the limits on the responses.
macro_rules! limits {
    ($rules:expr, $credential:expr, $requests:expr) => {{
        let recorder = Recorder::default();
        let gated = Gated::new($rules, $credential, Carrier::other(recorder.clone()));
        for (method, path, body) in $requests {
            let sent = admitted!(gated, method, path, body).send(Timeouts::default());
            assert!(sent.await.is_err());
        }
        recorder.recorded()
    }};
}

#[tokio::test]
async fn responses_are_bounded_by_what_was_requested() {
    let sync = format!("{DEVICES}/{ID}/syncDevice");
    let below = "/deviceManagement/managedDevices";
    let batch =
        format!(r#"{{"requests":[{{"id":"1","method":"POST","url":"{below}/{ID}/syncDevice"}}]}}"#);
    let bulk = format!(r#"{{"actionName":"syncDevice","deviceIds":["{ID}"]}}"#);
    let action = format!("/beta{below}/executeAction");
    let requests = [
        ("GET", DEVICES, ""),
        ("POST", sync.as_str(), ""),
        ("POST", "/v1.0/$batch", batch.as_str()),
        ("POST", action.as_str(), bulk.as_str()),
    ];
    let recorder = Recorder::default();
    let gated = Gated::new(
        rules(Writes::SyncsAndBulk),
        Fixed,
        Carrier::other(recorder.clone()),
    );
    for (method, path, body) in requests {
        let custody = match method {
            "GET" => books(ID),
            _ => books_with_list(ID).await,
        };
        let admitted = admitted!(gated, method, path, body);
        let held = custody.hold(admitted).expect("the device is named");
        let sent = held.send(Timeouts::default(), |_| |_| {});
        assert!(sent.await.is_err());
    }
    let limits = recorder.recorded();
    assert_eq!(limits, [33_554_432, 1_048_576, 1_048_576, 1_048_576]);

    let page = format!("{DEVICES}?$top=1&$select=id");
    let probe = Probe(Some(ID.parse().expect("a GUID")));
    let requests = [("GET", page.as_str(), ""), ("POST", sync.as_str(), "")];
    let limits = limits!(rules(probe), Anonymous, requests);
    assert_eq!(limits, [33_554_432, 1_048_576]);

    let bearer = || Bearer::new(HeaderValue::from_static("Bearer x"));
    let assignments = format!("/v1.0/servicePrincipals/{ID}/appRoleAssignments");
    let limits = limits!(
        rules(grant::Writes::None),
        bearer(),
        [("GET", assignments.as_str(), "")]
    );
    assert_eq!(limits, [33_554_432]);

    let group = format!("/v1.0/groups/{ID}?$select=id,displayName");
    let limits = limits!(
        rules(Further::default()),
        bearer(),
        [("GET", group.as_str(), "")]
    );
    assert_eq!(limits, [4_194_304]);

    let address = format!("{ROOT}/hook");
    let recorder = Recorder::default();
    let webhook = address.parse().expect("an address");
    let gated = Gated::new(
        webhook::Rules::of(&webhook),
        Anonymous,
        Carrier::other(recorder.clone()),
    );
    let message = gated.admit(&Proposal {
        method: &Method::POST,
        uri: &address.parse().expect("a URI"),
        headers: &HeaderMap::new(),
        body: b"{}",
    });
    let sent = message.expect("a message").send(Timeouts::default());
    assert!(sent.await.is_err());
    let carrier = Carrier::other(recorder.clone());
    let reached = webhook::reach(&webhook, carrier, Timeouts::default());
    assert!(reached.await.is_err());
    assert_eq!(recorder.recorded(), [65_536, 65_536]);
}

/// Whether the gate of a run admits this.
fn admits(path: &str, token: &str, body: &str) -> bool {
    let mut headers = HeaderMap::new();
    let value = format!("Bearer {token}");
    headers.insert("authorization", value.parse().expect("a value"));
    let gate = sync::Gate::new(rules(Writes::SyncsAndBulk));
    let method = if body.is_empty() {
        Method::GET
    } else {
        Method::POST
    };
    let admitted = gate.check(&Proposal {
        method: &method,
        uri: &format!("{ROOT}{path}").parse().expect("a URI"),
        headers: &headers,
        body: body.as_bytes(),
    });
    admitted.is_ok()
}

fn batch(items: usize, id_length: usize, padding: usize) -> String {
    let item = |n: usize| {
        let id = format!("{n:0>id_length$}");
        let url = format!("/deviceManagement/managedDevices/{ID}/syncDevice");
        format!(r#"{{"id":"{id}","method":"POST","url":"{url}"}}"#)
    };
    let items: Vec<String> = (0..items).map(item).collect();
    let body = format!(r#"{{"requests":[{}]}}"#, items.join(","));
    format!("{body}{}", " ".repeat(padding.saturating_sub(body.len())))
}

fn bulk(devices: usize) -> String {
    let id = |n: usize| format!("\"{}\"", Guid::from_halves(7, n as u64));
    let ids: Vec<String> = (0..devices).map(id).collect();
    format!(
        r#"{{"actionName":"syncDevice","deviceIds":[{}]}}"#,
        ids.join(",")
    )
}

#[test]
fn the_gate_of_a_run_has_exact_bounds() {
    let list = |query: usize| admits(&format!("{DEVICES}?{}", "x".repeat(query)), "t", "");
    assert_eq!((list(32_768), list(32_769)), (true, false));
    let token = |length: usize| admits(DEVICES, &"x".repeat(length), "");
    assert_eq!(
        (token(1), token(16_384), token(16_385)),
        (true, true, false)
    );
    let batched = |items, id, padding| admits("/v1.0/$batch", "t", &batch(items, id, padding));
    assert_eq!((batched(1, 1, 0), batched(0, 1, 0)), (true, false));
    assert_eq!((batched(20, 2, 0), batched(21, 2, 0)), (true, false));
    assert_eq!((batched(1, 36, 0), batched(1, 37, 0)), (true, false));
    assert_eq!(
        (batched(1, 1, 65_536), batched(1, 1, 65_537)),
        (true, false)
    );
    let bulk = |devices| {
        let path = "/beta/deviceManagement/managedDevices/executeAction";
        admits(path, "t", &bulk(devices))
    };
    assert_eq!(
        (bulk(0), bulk(1), bulk(100), bulk(101)),
        (false, true, true, false)
    );
}

#[test]
fn the_gate_of_grant_has_exact_bounds() {
    let name = |length: usize| "\u{fc}".repeat(length).parse::<grant::Name>().is_ok();
    assert_eq!(
        (name(0), name(1), name(256), name(257)),
        (false, true, true, false)
    );
    let id = |length: usize| "x".repeat(length).parse::<grant::AssignmentId>().is_ok();
    assert_eq!((id(0), id(1), id(128), id(129)), (false, true, true, false));
    let principal: Guid = ID.parse().expect("a GUID");
    let page = |length: usize| {
        let token = "x".repeat(length);
        let link =
            format!("{ROOT}/v1.0/servicePrincipals/{ID}/appRoleAssignments?$skiptoken={token}");
        grant::Call::next_page(principal, &link.parse().expect("a URI")).is_some()
    };
    assert_eq!(
        (page(0), page(1), page(4_096), page(4_097)),
        (false, true, true, false)
    );
}

/// Words of seven characters stay: they are not secrets. Of a header full of words, eight are taken out.
#[test]
fn what_may_be_a_token_is_taken_out_of_refusals() {
    let refusal = |authorization: &str, path: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", authorization.parse().expect("a value"));
        let gate = doctor::Gate::new(rules(Probe(None)));
        let refused = gate.check(&Proposal {
            method: &Method::GET,
            uri: &format!("{ROOT}/{path}").parse().expect("a URI"),
            headers: &headers,
            body: b"",
        });
        refused.expect_err("it is not on the list").to_string()
    };
    assert!(refusal("Bearer 1234567", "a1234567").contains("a1234567"));
    assert!(refusal("Bearer 12345678", "a12345678").contains("a[token]"));
    let words: Vec<String> = (0..9).map(|word| format!("secret-{word}")).collect();
    let shown = refusal(&words.join(" "), &words.join("/"));
    assert_eq!(shown.matches("[token]").count(), 8, "{shown}");
    assert!(shown.contains("secret-8"), "{shown}");
}
