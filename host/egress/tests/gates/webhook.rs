//! Notifications: what leaves and what does not, and that no refusal shows the address.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use intune_sync_egress::{
    Proposal,
    webhook::{Address, Allowed, BODY_LIMIT, Gate, Refusal, Rules, rules_table},
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
        Gate::new(Rules::of(&address)).check(&Proposal {
            method: &method,
            uri: &uri,
            headers: &headers,
            body: self.body.as_bytes(),
        })
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
