//! Requests in the making.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use intune_sync_egress::{
    Proposal,
    sync::{Allowed, Gate, Refusal, Rules, Writes},
};
use intune_sync_ids::Guid;

pub(crate) const ROOT: &str = "https://graph.microsoft.com";
pub(crate) const ID: &str = "00112233-4455-6677-8899-aabbccddeeff";
pub(crate) const TOKEN: &str = "surrogate-7c1f0e";

/// A request in the making: valid but for what a case puts in.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) writes: Writes,
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str, body: &str) -> Self {
        Self {
            writes: Writes::SyncsAndBulk,
            method: method.into(),
            uri: format!("{ROOT}{path}"),
            headers: vec![(
                "authorization".into(),
                format!("Bearer {TOKEN}").into_bytes(),
            )],
            body: body.into(),
        }
    }

    pub(crate) fn uri(mut self, uri: &str) -> Self {
        self.uri = uri.into();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().into()));
        self
    }

    pub(crate) fn without_headers(mut self) -> Self {
        self.headers.clear();
        self
    }

    pub(crate) fn check(&self) -> Result<Allowed, Refusal> {
        let gate = Gate::new(Rules {
            origin: ROOT.parse().expect("an origin"),
            writes: self.writes,
        });
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().expect("a header name");
            headers.append(
                name,
                HeaderValue::from_bytes(value).expect("a header value"),
            );
        }
        let method = Method::from_bytes(self.method.as_bytes()).expect("a method");
        let uri: Uri = self
            .uri
            .parse()
            .expect("an address that the http crate takes");
        gate.check(&Proposal {
            method: &method,
            uri: &uri,
            headers: &headers,
            body: &self.body,
        })
    }
}

pub(crate) fn list() -> Request {
    Request::new("GET", "/v1.0/deviceManagement/managedDevices", "")
}

pub(crate) fn sync() -> Request {
    Request::new(
        "POST",
        &format!("/v1.0/deviceManagement/managedDevices/{ID}/syncDevice"),
        "",
    )
}

pub(crate) fn batch(body: &str) -> Request {
    Request::new("POST", "/v1.0/$batch", body)
}

pub(crate) fn bulk(body: &str) -> Request {
    Request::new(
        "POST",
        "/beta/deviceManagement/managedDevices/executeAction",
        body,
    )
}

pub(crate) fn item(id: &str) -> String {
    item_to(
        id,
        &format!("/deviceManagement/managedDevices/{ID}/syncDevice"),
    )
}

pub(crate) fn item_to(id: &str, url: &str) -> String {
    format!(r#"{{"id":"{id}","method":"POST","url":"{url}"}}"#)
}

pub(crate) fn batch_of(items: &[String]) -> String {
    format!(r#"{{"requests":[{}]}}"#, items.join(","))
}

pub(crate) fn bulk_of(devices: usize) -> String {
    let ids: Vec<_> = (0..devices)
        .map(|n| format!("\"{}\"", Guid::from_halves(7, n as u64)))
        .collect();
    format!(
        r#"{{"actionName":"syncDevice","deviceIds":[{}]}}"#,
        ids.join(",")
    )
}

pub(crate) fn numbered(items: usize) -> Vec<String> {
    (1..=items).map(|n| item(&n.to_string())).collect()
}
