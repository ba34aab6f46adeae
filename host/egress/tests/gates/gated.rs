//! What leaves of an admitted request, and what its response gives away.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use intune_sync_egress::{
    Anonymous, Authorization, Bearer, Carrier, ClientError, Credential, Direct, Gated, Limits,
    Proposal, ResponseBody, Rules, SendError, Timeouts, Transport, UnknownToken, doctor, grant,
    sync::{self, PresentedToken, Writes},
    webhook,
};

use crate::books::{books, books_with_list};

const ROOT: &str = "https://graph.microsoft.com";
const DEVICES: &str = "/v1.0/deviceManagement/managedDevices";
const ID: &str = "00112233-4455-6677-8899-aabbccddeeff";

/// Keeps what leaves, and repeats its `authorization` in a header and in the body.
#[derive(Clone, Default)]
struct Echo(Arc<Mutex<Vec<Request<Bytes>>>>);

impl Transport for Echo {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        _: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        let token = request.headers().get("authorization").cloned();
        let token = token.unwrap_or(HeaderValue::from_static(""));
        let body = Bytes::copy_from_slice(token.as_bytes());
        let response = Response::builder()
            .status(403)
            .header("www-authenticate", token)
            .header("set-cookie", "x")
            .body(Full::new(body).map_err(|never| match never {}).boxed())
            .expect("a response");
        self.0.lock().expect("no panic").push(request);
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// Knows one surrogate.
struct Tokens;

impl Credential<PresentedToken> for Tokens {
    fn authorization(&self, token: &PresentedToken) -> Result<Option<Authorization>, UnknownToken> {
        match token.expose() {
            "surrogate" => Ok(Some(Authorization::new(HeaderValue::from_static(
                "Bearer real-token",
            )))),
            _ => Err(UnknownToken),
        }
    }
}

fn rules<P>(writes: P) -> Rules<P> {
    Rules {
        origin: ROOT.parse().expect("an origin"),
        writes,
    }
}

fn headers(rows: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in rows {
        headers.insert(*name, value.parse().expect("a value"));
    }
    headers
}

fn uri(path: &str) -> Uri {
    format!("{ROOT}{path}").parse().expect("an address")
}

/// Sends one batch with these headers; returns what left.
async fn batch(rows: &[(&'static str, &str)]) -> Result<Request<Bytes>, SendError> {
    let echo = Echo::default();
    let gated = Gated::new(rules(Writes::Syncs), Tokens, Carrier::other(echo.clone()));
    let url = format!("/deviceManagement/managedDevices/{ID}/syncDevice");
    let body = format!(r#"{{ "requests":[{{"id":"1","method":"POST","url":"{url}"}}]}}"#);
    let admitted = gated.admit(&Proposal {
        method: &Method::POST,
        uri: &uri("/v1.0/$batch"),
        headers: &headers(rows),
        body: body.as_bytes(),
    });
    let admitted = admitted.expect("it is on the list");
    assert!(matches!(admitted.call(), sync::Call::Batch(items) if items.len() == 1));
    let custody = books_with_list(ID).await;
    let held = custody.hold(admitted).expect("the device is named");
    held.send(Timeouts::default(), |_| |_| {}).await?;
    let sent = echo.0.lock().expect("no panic").pop();
    Ok(sent.expect("it was sent"))
}

#[tokio::test]
async fn the_real_token_leaves_instead_of_the_surrogate() {
    let rows = [
        ("authorization", "Bearer surrogate"),
        ("client-request-id", ID),
    ];
    let sent = batch(&rows).await.expect("sent");
    assert_eq!(sent.method(), Method::POST);
    assert_eq!(sent.uri(), &uri("/v1.0/$batch"));
    assert_eq!(sent.headers()["authorization"], "Bearer real-token");
    assert_ne!(sent.headers()["client-request-id"], ID);
    assert!(sent.body().starts_with(br#"{"requests":["#));

    let unknown = batch(&[("authorization", "Bearer another")]).await;
    assert_eq!(unknown.err(), Some(SendError::Token(UnknownToken)));
}

/// By RFC 9562: 4 is the version, and 8 to b the variant.
#[tokio::test]
async fn each_request_gets_a_random_id_of_version_4() {
    let mut seen = BTreeSet::new();
    let mut versions = BTreeSet::new();
    let mut variants = BTreeSet::new();
    // What is random takes each of its values: one of 16 digits is missing with a chance of one in 10^11.
    let mut digits: [BTreeSet<char>; 36] = std::array::from_fn(|_| BTreeSet::new());
    for _ in 0..500 {
        let sent = batch(&[("authorization", "Bearer surrogate")]).await;
        let sent = sent.expect("sent");
        let id = sent.headers()["client-request-id"].to_str().expect("ASCII");
        assert_eq!(id.len(), 36);
        assert!(seen.insert(id.to_owned()), "{id} twice");
        let all: Vec<char> = id.chars().collect();
        versions.insert(all[14]);
        variants.insert(all[19]);
        for (digit, of) in all.into_iter().zip(&mut digits) {
            of.insert(digit);
        }
    }
    assert_eq!(versions, BTreeSet::from(['4']));
    assert_eq!(variants, BTreeSet::from(['8', '9', 'a', 'b']));
    for (at, digits) in digits.iter().enumerate() {
        let expected = match at {
            8 | 13 | 18 | 23 | 14 => 1,
            19 => 4,
            _ => 16,
        };
        assert_eq!(digits.len(), expected, "digit {at}");
    }
}

#[tokio::test]
async fn the_response_gives_the_token_away_nowhere() {
    let gated = Gated::new(rules(Writes::None), Tokens, Carrier::other(Echo::default()));
    let proposal = Proposal {
        method: &Method::GET,
        uri: &uri(DEVICES),
        headers: &headers(&[("authorization", "Bearer surrogate")]),
        body: b"",
    };
    let admitted = gated.admit(&proposal).expect("it is on the list");
    let custody = books(ID);
    let held = custody.hold(admitted).expect("the first page");
    let response = held.send(Timeouts::default(), |_| |_| {}).await;
    let response = response.expect("a response");
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["www-authenticate"], "Bearer [token]");
    assert_eq!(response.headers().len(), 1, "{:?}", response.headers());
    assert_eq!(response.into_body(), "Bearer [token]");
}

#[test]
fn a_request_is_judged_by_its_head_before_it_has_a_body() {
    let gated = Gated::new(
        rules(Writes::Syncs),
        Tokens,
        Carrier::other(Echo::default()),
    );
    let known = headers(&[("authorization", "Bearer surrogate")]);
    let check = |method: Method, path: &str, headers: &HeaderMap| {
        gated.check_head(&Proposal {
            method: &method,
            uri: &uri(path),
            headers,
            body: b"",
        })
    };
    let sync = format!("{DEVICES}/{ID}/syncDevice");
    assert!(check(Method::POST, "/v1.0/$batch", &known).is_ok());
    assert!(check(Method::POST, &sync, &known).is_ok());
    for (method, path, headers) in [
        (Method::POST, format!("{DEVICES}/{ID}/wipe"), &known),
        (Method::DELETE, sync.clone(), &known),
        (Method::POST, format!("{sync}?x"), &known),
        (Method::POST, sync.clone(), &HeaderMap::new()),
        // Without bulk dispatch.
        (
            Method::POST,
            "/beta/deviceManagement/managedDevices/executeAction".to_owned(),
            &known,
        ),
    ] {
        assert!(
            check(method.clone(), &path, headers).is_err(),
            "{method} {path}"
        );
    }
    let hidden = check(Method::POST, "/v1.0/surrogate", &known).expect_err("a path");
    assert!(!hidden.to_string().contains("surrogate"), "{hidden}");
}

#[test]
fn a_notification_is_judged_by_its_head_before_it_has_a_body() {
    const PATH: &str = "/services/secret";
    let address: webhook::Address = "https://hooks.example.com/services/secret"
        .parse()
        .expect("an address");
    let gated = Gated::new(
        webhook::Rules::of(&address),
        Tokens,
        Carrier::other(Echo::default()),
    );
    let check = |method: Method, host: &str, path: &str, headers: &HeaderMap| {
        gated.check_head(&Proposal {
            method: &method,
            uri: &format!("https://{host}{path}").parse().expect("an address"),
            headers,
            body: b"",
        })
    };
    let host = "hooks.example.com";
    let json = headers(&[("content-type", "application/json")]);
    let cookie = headers(&[("cookie", "x")]);
    let length = headers(&[("content-length", "many")]);
    assert_eq!(check(Method::POST, host, PATH, &json), Ok(()));
    for (method, host, path, headers) in [
        (Method::GET, host, PATH, &json),
        (Method::POST, "evil.example", PATH, &json),
        (Method::POST, host, "/services/other", &json),
        (Method::POST, host, PATH, &cookie),
        (Method::POST, host, PATH, &length),
    ] {
        let refused = check(method, host, path, headers);
        assert!(refused.is_err(), "{host}{path} {headers:?}");
    }
}

/// Any response will do, and the address is not shown.
#[tokio::test]
async fn whether_a_webhook_is_there_is_asked_at_its_root() {
    let echo = Echo::default();
    let address = "https://hooks.example.com/services/secret";
    let address = address.parse().expect("an address");
    let reached = webhook::reach(&address, Carrier::other(echo.clone()), Timeouts::default());
    assert_eq!(reached.await, Ok(()));
    let sent = echo.0.lock().expect("no panic").pop().expect("it was sent");
    assert_eq!(sent.method(), Method::HEAD);
    assert_eq!(sent.uri(), "https://hooks.example.com/");
    assert!(sent.body().is_empty());
    assert!(!sent.headers().contains_key("authorization"));
}

/// A rehearsal repeats itself to the letter.
#[test]
fn requests_of_a_seed_have_the_same_ids_each_time() {
    let ids = |seed| {
        let echo = Echo::default();
        let gated = Gated::new(rules(Writes::None), Tokens, Carrier::other(echo.clone()));
        let gated = gated.with_request_ids(seed);
        let custody = books(ID);
        for _ in 0..3 {
            let admitted = gated.admit(&Proposal {
                method: &Method::GET,
                uri: &uri(DEVICES),
                headers: &headers(&[("authorization", "Bearer surrogate")]),
                body: b"",
            });
            let held = custody.hold(admitted.expect("it is on the list"));
            let sent = held.expect("a retry").send(Timeouts::default(), |_| |_| {});
            let sent = sent.now_or_never().expect("nothing to wait for");
            sent.expect("a response");
        }
        let left = echo.0.lock().expect("no panic");
        let id = |request: &Request<Bytes>| request.headers()["client-request-id"].clone();
        left.iter().map(id).collect::<Vec<HeaderValue>>()
    };
    assert_eq!(ids(7), ids(7));
    assert_ne!(ids(7), ids(8));
}

#[test]
fn what_is_permitted_later_replaces_what_was() {
    let principal = ID.parse().expect("a GUID");
    let resource = "0a0b0c0d-0000-4000-8000-000000000001";
    let bearer = Bearer::new(HeaderValue::from_static("Bearer real-token"));
    let mut gated = Gated::new(
        rules(grant::Writes::None),
        bearer,
        Carrier::other(Echo::default()),
    );
    let role = grant::Role::Read.id();
    let body =
        format!(r#"{{"principalId":"{ID}","resourceId":"{resource}","appRoleId":"{role}"}}"#);
    let assign = |gated: &Gated<grant::Writes, Bearer>| {
        let admitted = gated.admit(&Proposal {
            method: &Method::POST,
            uri: &uri(&format!(
                "/v1.0/servicePrincipals/{resource}/appRoleAssignedTo"
            )),
            headers: &HeaderMap::new(),
            body: body.as_bytes(),
        });
        admitted.is_ok()
    };
    assert!(!assign(&gated));
    let resource = resource.parse().expect("a GUID");
    let writes = grant::Writes::Assign {
        resource,
        principal,
    };
    gated.permit(writes.clone());
    assert_eq!(gated.rules(), &rules(writes));
    assert!(assign(&gated));
    gated.permit(grant::Writes::None);
    assert!(!assign(&gated));
}

/// What `doctor` sends before it has a token, and what `grant` sends with its own.
#[tokio::test]
async fn a_command_sends_its_one_token_or_none() {
    async fn sent<P, C>(rules: Rules<P>, credential: C, path: &str) -> Option<HeaderValue>
    where
        P: Direct,
        C: Credential<P::Token>,
    {
        let echo = Echo::default();
        let gated = Gated::new(rules, credential, Carrier::other(echo.clone()));
        let admitted = gated.admit(&Proposal {
            method: &Method::GET,
            uri: &uri(path),
            headers: &HeaderMap::new(),
            body: b"",
        });
        let Ok(admitted) = admitted else {
            panic!("`{path}` is on the list");
        };
        let response = admitted.send(Timeouts::default()).await;
        assert!(response.is_ok());
        let request = echo.0.lock().expect("no panic").pop();
        request?.headers().get("authorization").cloned()
    }

    let assignments = format!("/v1.0/servicePrincipals/{ID}/appRoleAssignments");
    let bearer = Bearer::new(HeaderValue::from_static("Bearer real-token"));
    let token = sent(rules(grant::Writes::None), bearer, &assignments).await;
    let token = token.expect("with a token");
    assert_eq!(token, "Bearer real-token");
    assert!(token.is_sensitive());
    let page = format!("{DEVICES}?$top=1&$select=id");
    let token = sent(rules(doctor::Probe(None)), Anonymous, &page).await;
    assert_eq!(token, None);
}

#[test]
fn each_kind_of_run_has_a_largest_request() {
    let largest =
        [Writes::None, Writes::Syncs, Writes::SyncsAndBulk].map(|writes| writes.largest());
    assert_eq!(largest, [20, 20, 100]);
}
