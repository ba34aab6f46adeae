//! Requests as they are on the wire.

use intune_sync_engine::http::{Method, Response};
use intune_sync_graph::read_json;
use intune_sync_ids::Guid;
use serde_json::Value;

/// A request to Graph as it leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    /// `GET` or `POST`.
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) path_and_query: &'a str,
    /// The body; empty for none.
    pub(crate) body: &'a [u8],
}

/// A request, as read from the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Requested {
    Page,
    Single(Guid),
    Batch(Vec<Guid>),
    Bulk(Vec<Guid>),
}

const DEVICES: &str = "/v1.0/deviceManagement/managedDevices";

pub(crate) fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

impl Requested {
    /// Reads a request strictly: anything but the four requests that may ever leave is described in the error.
    pub(crate) fn read(sent: &Sent<'_>) -> Result<Self, String> {
        let path = sent.path_and_query.split('?').next().unwrap_or_default();
        let other = || format!("a request that must never leave: {} {path}", sent.method);
        match (sent.method, path) {
            ("GET", DEVICES) if sent.body.is_empty() => Ok(Self::Page),
            ("POST", "/v1.0/$batch") => items(sent.body).map(Self::Batch).ok_or_else(other),
            ("POST", "/beta/deviceManagement/managedDevices/executeAction") => {
                ids(sent.body).map(Self::Bulk).ok_or_else(other)
            }
            ("POST", _) if sent.body.is_empty() => path
                .strip_prefix(DEVICES)
                .and_then(device_to_sync)
                .map(Self::Single)
                .ok_or_else(other),
            _ => Err(other()),
        }
    }

    /// Whether a response to this may have the definite outcome of a device: it is not just that the request, or each
    /// of its items, was throttled, was not authorized or met a passing fault.
    pub(crate) fn is_decided_by(&self, response: &Response) -> bool {
        let decided =
            |status: u64| !matches!(status, 401 | 403 | 408 | 424 | 429 | 500 | 502..=504 | 506..);
        match self {
            Self::Page => false,
            Self::Single(_) | Self::Bulk(_) => decided(response.status.into()),
            Self::Batch(_) => {
                let body: Value = read_json(&response.body).unwrap_or_default();
                let items = body["responses"].as_array().into_iter().flatten();
                let statuses = items.filter_map(|item| item["status"].as_u64());
                statuses.into_iter().any(decided)
            }
        }
    }

    /// The devices that are to be synced.
    pub(crate) fn devices(&self) -> &[Guid] {
        match self {
            Self::Page => &[],
            Self::Single(device) => std::slice::from_ref(device),
            Self::Batch(devices) | Self::Bulk(devices) => devices,
        }
    }
}

/// `/{id}/syncDevice`
fn device_to_sync(path: &str) -> Option<Guid> {
    path.strip_prefix('/')?
        .strip_suffix("/syncDevice")?
        .parse()
        .ok()
}

fn items(body: &[u8]) -> Option<Vec<Guid>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let items = body.get("requests")?.as_array()?.iter().zip(1..);
    let device = |(item, number): (&Value, usize)| {
        let path = item.get("url")?.as_str()?;
        let path = path.strip_prefix("/deviceManagement/managedDevices")?;
        let good = item.get("method")? == "POST" && item.get("id")? == number.to_string().as_str();
        device_to_sync(path).filter(|_| good)
    };
    items.map(device).collect()
}

fn ids(body: &[u8]) -> Option<Vec<Guid>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let sync = body.get("actionName")? == "syncDevice";
    let ids = body.get("deviceIds")?.as_array().filter(|_| sync)?.iter();
    ids.map(|id| id.as_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00000000-0000-4000-8000-000000000001";

    fn read(method: &str, path_and_query: &str, body: &str) -> Result<Requested, String> {
        Requested::read(&Sent {
            method,
            path_and_query,
            body: body.as_bytes(),
        })
    }

    #[test]
    fn the_four_requests_are_read_and_nothing_else_is() {
        let id: Guid = ID.parse().expect("a GUID");
        let url = format!("/deviceManagement/managedDevices/{ID}/syncDevice");
        let item =
            |url: &str| format!(r#"{{"requests":[{{"id":"1","method":"POST","url":"{url}"}}]}}"#);
        let bulk = |name: &str| format!(r#"{{"actionName":"{name}","deviceIds":["{ID}"]}}"#);
        let action = "/beta/deviceManagement/managedDevices/executeAction";
        assert_eq!(
            read("GET", &format!("{DEVICES}?$top=1"), ""),
            Ok(Requested::Page)
        );
        assert_eq!(
            read("POST", &format!("/v1.0{url}"), ""),
            Ok(Requested::Single(id))
        );
        assert_eq!(
            read("POST", "/v1.0/$batch", &item(&url)),
            Ok(Requested::Batch(vec![id]))
        );
        assert_eq!(
            read("POST", action, &bulk("syncDevice")),
            Ok(Requested::Bulk(vec![id]))
        );
        for (method, path, body) in [
            (
                "POST",
                format!("/v1.0{}", url.replace("sync", "wipe")),
                String::new(),
            ),
            ("POST", format!("/beta{url}"), String::new()),
            ("POST", format!("/v1.0{url}"), "{}".to_owned()),
            ("DELETE", format!("{DEVICES}/{ID}"), String::new()),
            (
                "POST",
                "/v1.0/$batch".to_owned(),
                item(&url.replace("sync", "wipe")),
            ),
            ("POST", action.to_owned(), bulk("wipe")),
            ("GET", "/v1.0/users".to_owned(), String::new()),
        ] {
            assert!(
                read(method, &path, &body).is_err(),
                "{method} {path} {body}"
            );
        }
    }
}
