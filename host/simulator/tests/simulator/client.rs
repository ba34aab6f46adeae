//! A caller in the same process.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use intune_sync_simulator::{Config, DropConnection, FleetConfig, Simulator, Statistics};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// 2026-11-23T04:50:00Z.
pub(crate) const STARTED_AT: u64 = 1_795_409_400_000;

/// The token that [`config`] accepts.
pub(crate) const TOKEN: &str = "token-from-a-file";

/// Where the tests send their requests.
pub(crate) const HOST: &str = "127.0.0.1:4711";

/// A tenant with this many devices, and nothing out of the ordinary.
pub(crate) fn config(devices: u32) -> Config {
    let mut config = Config {
        started_at: Some(STARTED_AT),
        ..Config::default()
    };
    config.fleet = FleetConfig {
        devices,
        ..FleetConfig::default()
    };
    config.tokens.fixed = Some(TOKEN.into());
    config
}

pub(crate) struct Client {
    pub(crate) simulator: Simulator,
    pub(crate) token: String,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) dropped: bool,
}

impl Client {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            simulator: Simulator::new(config),
            token: TOKEN.into(),
        }
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.simulator.statistics()
    }

    pub(crate) fn id(&self, index: u32) -> String {
        self.simulator
            .device_id(index)
            .expect("the fleet is that large")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response {
        let response = self
            .simulator
            .router()
            .oneshot(request)
            .await
            .expect("routers do not fail");
        let (parts, body) = response.into_parts();
        Response {
            status: parts.status.as_u16(),
            headers: parts.headers,
            dropped: parts.extensions.get::<DropConnection>().is_some(),
            body: body
                .collect()
                .await
                .expect("the body is in memory")
                .to_bytes(),
        }
    }

    pub(crate) async fn request(&self, method: &str, path: &str, body: String) -> Response {
        let id = format!("request-{}", self.statistics().requests.total());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", HOST)
            .header("authorization", format!("Bearer {}", self.token))
            .header("client-request-id", id)
            .body(Body::from(body));
        self.send(request.expect("a test's request is well formed"))
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request("GET", path, String::new()).await
    }

    pub(crate) async fn sync(&self, id: &str) -> Response {
        let path = format!("/v1.0/deviceManagement/managedDevices/{id}/syncDevice");
        self.request("POST", &path, String::new()).await
    }

    /// Syncs of these devices in one batch; the items have the ids `0`, `1`, …
    pub(crate) async fn batch(&self, devices: std::ops::Range<u32>) -> Response {
        let items = devices.enumerate().map(|(number, index)| {
            let url = format!(
                "/deviceManagement/managedDevices/{}/syncDevice",
                self.id(index)
            );
            json!({"id": number.to_string(), "method": "POST", "url": url})
        });
        self.batch_of(items.collect()).await
    }

    pub(crate) async fn batch_of(&self, items: Vec<Value>) -> Response {
        self.request(
            "POST",
            "/v1.0/$batch",
            json!({"requests": items}).to_string(),
        )
        .await
    }

    pub(crate) async fn execute_action(&self, action: &str, ids: Vec<String>) -> Response {
        let body = json!({"actionName": action, "deviceIds": ids}).to_string();
        self.request(
            "POST",
            "/beta/deviceManagement/managedDevices/executeAction",
            body,
        )
        .await
    }
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the response is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("headers are text"))
    }

    pub(crate) fn code(&self) -> String {
        text(&self.json()["error"]["code"])
    }

    pub(crate) fn message(&self) -> String {
        text(&self.json()["error"]["message"])
    }

    /// The items of the response to a batch.
    pub(crate) fn items(&self) -> Vec<Value> {
        self.json()["responses"]
            .as_array()
            .expect("the response has items")
            .clone()
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("it is a string").to_owned()
}
