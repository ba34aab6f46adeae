use serde_json::Value;

use crate::Guid;

/// The bulk action; Graph has it in beta only.
pub(crate) const BULK_PATH: &str = "/beta/deviceManagement/managedDevices/executeAction";
/// The most devices of a call: what the Intune portal allows.
pub(crate) const BULK_MAX: usize = 100;

/// The body of a bulk sync.
pub(crate) fn bulk_body(devices: &[Guid]) -> String {
    let ids: Vec<String> = devices
        .iter()
        .map(|device| format!(r#""{device}""#))
        .collect();
    format!(
        r#"{{"actionName":"syncDevice","deviceIds":[{}]}}"#,
        ids.join(",")
    )
}

/// What became of the devices of a bulk sync. A device in none of the lists has an unknown outcome.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BulkAnswer {
    pub(crate) successful: Vec<Guid>,
    pub(crate) failed: Vec<Guid>,
    pub(crate) not_found: Vec<Guid>,
    pub(crate) not_supported: Vec<Guid>,
}

/// Reads an answer, wrapped in `value` or not; none when it is neither.
pub(crate) fn read_bulk(body: &[u8]) -> Option<BulkAnswer> {
    const LISTS: [&str; 4] = [
        "successfulDeviceIds",
        "failedDeviceIds",
        "notFoundDeviceIds",
        "notSupportedDeviceIds",
    ];
    let answer: Value = serde_json::from_slice(body).ok()?;
    let answer = answer.get("value").unwrap_or(&answer);
    if !LISTS.iter().any(|name| answer.get(name).is_some()) {
        return None;
    }
    let [successful, failed, not_found, not_supported] = LISTS.map(|name| {
        let ids = answer
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        ids.filter_map(|id| id.as_str()?.parse().ok()).collect()
    });
    Some(BulkAnswer {
        successful,
        failed,
        not_found,
        not_supported,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_wrappings() {
        let id = Guid::random(5);
        let bare = format!(r#"{{"successfulDeviceIds":["{id}"],"failedDeviceIds":null}}"#);
        let wrapped = format!(r#"{{"value":{bare}}}"#);
        let expected = BulkAnswer {
            successful: vec![id],
            ..BulkAnswer::default()
        };
        assert_eq!(read_bulk(bare.as_bytes()), read_bulk(wrapped.as_bytes()));
        assert_eq!(read_bulk(bare.as_bytes()), Some(expected));
        for body in ["", "{}", "<html>", r#"{"value":[]}"#, "[]"] {
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
