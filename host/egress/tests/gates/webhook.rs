//! Notifications: what leaves and what does not, and that no refusal shows the address.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use intune_sync_egress::{
    Carrier, ClientError, Limits, Proposal, ResponseBody, SendError, Timeouts, Transport,
    webhook::{Address, Allowed, BODY_LIMIT, Gate, Refusal, Rules, reach, rules_table},
};

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw";
const MESSAGE: &str = r#"{"Text":"a sync was requested for 3 devices"}"#;

fn address() -> String {
    format!("https://hooks.example.com/services/{SECRET}?sig={SECRET}")
}

struct Post {
    method: &'static str,
    uri: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Post {
    fn new() -> Self {
        Self {
            method: "POST",
            uri: address(),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("content-length", MESSAGE.len().to_string()),
            ],
            body: MESSAGE.to_owned(),
        }
    }

    fn at(uri: String) -> Self {
        Self { uri, ..Self::new() }
    }

    fn with(name: &'static str, value: &str) -> Self {
        let mut post = Self::new();
        post.headers.retain(|(known, _)| *known != name);
        post.headers.push((name, value.to_owned()));
        post
    }

    fn of(body: String) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self {
            headers,
            body,
            ..Self::new()
        }
    }

    fn check(&self) -> Result<Allowed, Refusal> {
        self.at_gate(Gate::check)
    }

    /// Before its body is there.
    fn check_head(&self) -> Result<(), Refusal> {
        self.at_gate(Gate::check_head)
    }

    fn at_gate<T>(
        &self,
        check: impl Fn(&Gate, &Proposal<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let address: Address = address().parse().expect("an address");
        let method: Method = self.method.parse().expect("a method");
        let uri: Uri = self.uri.parse().expect("a URI");
        let headers: HeaderMap = self
            .headers
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_str(value).expect("a value");
                (HeaderName::from_static(name), value)
            })
            .collect();
        let proposal = Proposal {
            method: &method,
            uri: &uri,
            headers: &headers,
            body: self.body.as_bytes(),
        };
        check(&Gate::new(Rules::of(&address)), &proposal)
    }
}

#[test]
fn a_message_leaves_for_the_address_with_the_hosts_own_headers() {
    let allowed = Post::new().check().expect("it is a message");
    assert_eq!(allowed.method, Method::POST);
    assert_eq!(allowed.uri.to_string(), address());
    assert_eq!(allowed.body, MESSAGE.as_bytes());
    let mut names: Vec<&str> = allowed.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "content-type", "user-agent"]);
    // Written anew: nothing hides in spaces or in a key that comes twice.
    let twice = Post::of(r#"{ "a": 1,  "a": 2 }"#.to_owned()).check();
    assert_eq!(twice.expect("an object").body, br#"{"a":2}"#);
    let largest = format!("{{\"a\":\"{}\"}}", "x".repeat(BODY_LIMIT - 8));
    assert_eq!(largest.len(), BODY_LIMIT);
    assert!(Post::of(largest).check().is_ok());
}

#[test]
fn nothing_else_leaves_and_no_refusal_shows_the_address() {
    let path = format!("/services/{SECRET}?sig={SECRET}");
    let elsewhere = "a request to a host other than `https://hooks.example.com`";
    let target = "a request to a path or query other than the address's";
    let header = "a header besides `content-type: application/json` and the right `content-length`";
    let cases = [
        (
            Post::at(format!("http://hooks.example.com{path}")),
            elsewhere,
        ),
        (
            Post::at(format!("https://hooks.example.com:8443{path}")),
            elsewhere,
        ),
        (Post::at(format!("https://evil.example{path}")), elsewhere),
        (
            Post::at(format!("https://{SECRET}.evil.example{path}")),
            elsewhere,
        ),
        (
            Post::at(format!("https://hooks.example.com@evil.example{path}")),
            elsewhere,
        ),
        (Post::at(path.clone()), elsewhere),
        (Post::at("https://hooks.example.com/".to_owned()), target),
        (
            Post::at(format!("https://hooks.example.com/services/{SECRET}")),
            target,
        ),
        (Post::at(format!("{}&x=1", address())), target),
        (
            Post::at(format!(
                "https://hooks.example.com//services/{SECRET}?sig={SECRET}"
            )),
            target,
        ),
        (
            Post {
                method: "GET",
                ..Post::new()
            },
            "a method other than `POST`",
        ),
        (
            Post {
                method: "PUT",
                ..Post::new()
            },
            "a method other than `POST`",
        ),
        (
            Post::with("authorization", SECRET),
            "a token, in the header `authorization`",
        ),
        (
            Post::with("proxy-authorization", SECRET),
            "a token, in the header `proxy-authorization`",
        ),
        (
            Post::with("cookie", SECRET),
            "a token, in the header `cookie`",
        ),
        (Post::with("x-secret", SECRET), header),
        (Post::with("x-msft-approval-code", SECRET), header),
        (Post::with("x-msft-approval-justification", SECRET), header),
        (Post::with("content-type", "text/plain"), header),
        (Post::with("content-length", "7"), header),
        (Post::with("content-length", "many"), header),
        (
            Post::of(format!("{{\"a\":\"{}\"}}", "x".repeat(BODY_LIMIT - 7))),
            "a body of more than 28672 bytes",
        ),
        (Post::of(String::new()), "a body that is not a JSON object"),
        (
            Post::of("[1]".to_owned()),
            "a body that is not a JSON object",
        ),
        (
            Post::of(format!("\"{SECRET}\"")),
            "a body that is not a JSON object",
        ),
        (
            Post::of("{}{}".to_owned()),
            "a body that is not a JSON object",
        ),
    ];
    for (post, reason) in cases {
        let refusal = post.check().expect_err(reason).to_string();
        assert_eq!(refusal, reason, "{} {}", post.method, post.uri);
        assert!(!refusal.contains(SECRET));
    }
}

/// A length that does not match is found with the body; one that is not a number, before.
#[test]
fn a_length_that_is_not_a_number_is_refused_before_the_body() {
    assert_eq!(Post::new().check_head(), Ok(()));
    let head = |length| Post::with("content-length", length).check_head();
    assert_eq!(head("7"), Ok(()));
    assert_eq!(head("many"), Err(Refusal::Header));
}

#[test]
fn the_rules_name_the_bounds_in_use() {
    let table = rules_table();
    let condition = |what: &str| {
        let rule = table.iter().find(|rule| rule.what.contains(what));
        rule.map(|rule| rule.condition.clone()).unwrap_or_default()
    };
    let post = condition("POST");
    assert!(post.contains("at most 28672 bytes"), "{post}");
    assert_eq!(condition("response"), "at most 65536 bytes");
    assert_eq!(condition("any other request"), "never");
}

/// Keeps what leaves, with the bound on its response, and responds with this status, or not at all.
#[derive(Clone)]
struct Webhook {
    status: Option<u16>,
    sent: Arc<Mutex<Vec<(String, u64)>>>,
}

impl Transport for Webhook {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        let line = format!("{} {}", request.method(), request.uri());
        self.sent
            .lock()
            .expect("no panic")
            .push((line, limits.body));
        let response = self.status.map(|status| {
            let body = Empty::new().map_err(|never| match never {}).boxed();
            let response = Response::builder().status(status).body(body);
            response.expect("a response")
        });
        let host = "hooks.example.com".to_owned();
        Box::pin(std::future::ready(
            response.ok_or(ClientError::Refused { host }),
        ))
    }
}

#[tokio::test]
async fn whether_it_can_be_reached_is_asked_at_its_root() {
    let address: Address = address().parse().expect("an address");
    for (status, reached) in [(Some(200), true), (Some(404), true), (None, false)] {
        let webhook = Webhook {
            status,
            sent: Arc::default(),
        };
        let carrier = Carrier::other(webhook.clone());
        let result = reach(&address, carrier, Timeouts::default()).await;
        match result {
            Ok(()) => assert!(reached, "{status:?}"),
            Err(SendError::Client(ClientError::Refused { .. })) => assert!(!reached, "{status:?}"),
            Err(other) => panic!("{other}"),
        }
        let sent = webhook.sent.lock().expect("no panic");
        let expected = ("HEAD https://hooks.example.com/".to_owned(), 65_536);
        assert_eq!(*sent, [expected]);
    }
}
