//! `executeAction`, the bulk action of the beta: its body, and what it says of each device.
//!
//! What is known of it: docs/graph-facts.md#the-bulk-action.

use intune_sync_ids::Guid;
use serde_json::Value;

use crate::tolerant::read_json;

/// The bulk action; Graph has it in beta only.
pub const BULK_PATH: &str = "/beta/deviceManagement/managedDevices/executeAction";
/// The most devices in one call: as many as the Intune portal allows.
pub const BULK_MAX: usize = 100;

/// The body of a bulk sync.
#[must_use]
pub fn bulk_body(devices: &[Guid]) -> String {
    let mut body = String::from(r#"{"actionName":"syncDevice","deviceIds":["#);
    for (at, device) in devices.iter().enumerate() {
        body.push_str(if at == 0 { "\"" } else { ",\"" });
        body.push_str(device.text().as_str());
        body.push('"');
    }
    body.push_str("]}");
    body
}

/// What a bulk sync says about a device. A device in several lists counts as the first of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BulkOutcome {
    /// The sync was accepted.
    Successful,
    /// The device is not enrolled.
    NotFound,
    /// The device cannot sync.
    NotSupported,
    /// The sync was not accepted.
    Failed,
}

/// The lists in a response, by name.
const LISTS: [(&str, BulkOutcome); 4] = [
    ("successfulDeviceIds", BulkOutcome::Successful),
    ("notFoundDeviceIds", BulkOutcome::NotFound),
    ("notSupportedDeviceIds", BulkOutcome::NotSupported),
    ("failedDeviceIds", BulkOutcome::Failed),
];

/// The outcome of a bulk sync for each of its devices.
#[derive(Debug, PartialEq, Eq)]
pub struct BulkResponse {
    /// Sorted by device.
    outcomes: Vec<(Guid, BulkOutcome)>,
}

impl BulkResponse {
    /// The outcome for a device; `None` where it is unknown.
    #[must_use]
    pub fn of(&self, device: Guid) -> Option<BulkOutcome> {
        let first = self.outcomes.partition_point(|(id, _)| *id < device);
        let (id, outcome) = self.outcomes.get(first)?;
        (*id == device).then_some(*outcome)
    }
}

/// Reads a response, wrapped in `value` or not; `None` when it is neither.
#[must_use]
pub fn read_bulk(body: &[u8]) -> Option<BulkResponse> {
    let body: Value = read_json(body).ok()?;
    let lists = body.get("value").unwrap_or(&body).as_object()?;
    if !LISTS.iter().any(|(name, _)| lists.contains_key(*name)) {
        return None;
    }
    let mut outcomes = Vec::new();
    for (name, outcome) in LISTS {
        let ids = lists
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let ids = ids.filter_map(|id| id.as_str()?.parse().ok());
        outcomes.extend(ids.map(|id| (id, outcome)));
    }
    outcomes.sort_unstable();
    Some(BulkResponse { outcomes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_wrappings() {
        let [first, second, absent] = [5, 6, 7].map(Guid::random);
        let bare = format!(
            r#"{{"a":[{{}}],"failedDeviceIds":["{second}","{first}",7,"x"],"successfulDeviceIds":["{first}"],
                "notFoundDeviceIds":null}}"#
        );
        let wrapped = format!(r#"{{"value":{bare}}}"#);
        for body in [bare, wrapped] {
            let response = read_bulk(body.as_bytes()).expect("a response");
            assert_eq!(response.of(first), Some(BulkOutcome::Successful), "{body}");
            assert_eq!(response.of(second), Some(BulkOutcome::Failed), "{body}");
            assert_eq!(response.of(absent), None, "{body}");
        }
        let nothing = read_bulk(br#"{"failedDeviceIds":null}"#).expect("a response");
        assert_eq!(nothing.of(first), None);
        let id = first.to_string();
        let mixed = format!(r#"{{"value":7,"failedDeviceIds":["{id}"]}}"#);
        for body in ["", "{}", "<html>", r#"{"value":[]}"#, "[]", &mixed] {
            assert_eq!(read_bulk(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn names_the_action_and_nothing_but_ids() {
        let body: Value =
            serde_json::from_str(&bulk_body(&[Guid::random(1), Guid::random(2)])).expect("JSON");
        assert_eq!(body["actionName"], "syncDevice");
        assert_eq!(body["deviceIds"].as_array().map(Vec::len), Some(2));
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(2));
    }
}
