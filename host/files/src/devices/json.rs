//! Devices in JSON: what Graph returns, and what this program writes.

use intune_sync_ids::Guid;
use serde_json::{Deserializer, Value};

use super::DeviceList;

/// Where an object has its devices.
const LISTS: [&str; 3] = ["devices", "failures", "value"];
/// What an object calls its id.
const ID: &str = "id";
/// What an object of Entra's calls the id that Intune knows, too.
const ENTRA_ID: &str = "deviceId";

/// Whether a text looks like JSON.
pub(super) fn is_one(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// What the devices of a text are named by: of an array of them, an object with one, or of one a line. An object with
/// an `id` and a `deviceId` is Entra's.
///
/// # Errors
///
/// What is wrong with it, to follow the name of the file.
pub(super) fn devices(text: &str) -> Result<DeviceList, String> {
    let mut found = Found::default();
    for value in Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| format!("is not valid JSON: {error}"))?;
        found.add(&value)?;
    }
    match (found.ids.as_slice(), found.entra_ids.as_slice()) {
        (_, []) => Ok(DeviceList::Ids(found.ids)),
        ([], _) => Ok(DeviceList::EntraIds(found.entra_ids)),
        _ => Err("has devices of Intune and of Entra".to_owned()),
    }
}

#[derive(Default)]
struct Found {
    ids: Vec<Guid>,
    entra_ids: Vec<Guid>,
}

impl Found {
    fn add(&mut self, value: &Value) -> Result<(), String> {
        let Value::Object(object) = value else {
            return self.list(value);
        };
        match object.get("event").and_then(Value::as_str) {
            None | Some("device") => {}
            Some("device-done") => {
                return Err("is the log of a run, in which devices succeed and fail".to_owned());
            }
            // What else a plan says.
            Some(_) => return Ok(()),
        }
        let field = |name: &str| {
            let mut fields = object.iter();
            fields.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
        };
        if let Some(of_object) = LISTS.iter().find_map(|name| field(name)) {
            return self.list(of_object);
        }
        let (id, ids) = match field(ENTRA_ID) {
            Some(id) => (Some(id), &mut self.entra_ids),
            None => (field(ID), &mut self.ids),
        };
        let text = id.and_then(Value::as_str).unwrap_or_default();
        let id = text.parse().map_err(|_| {
            let shown: String = value.to_string().chars().take(80).collect();
            format!("has no device id in `{shown}`")
        });
        ids.push(id?);
        Ok(())
    }

    fn list(&mut self, value: &Value) -> Result<(), String> {
        let Value::Array(list) = value else {
            let shown: String = value.to_string().chars().take(80).collect();
            return Err(format!("has no list of devices: `{shown}`"));
        };
        for value in list {
            match value {
                Value::Object(object) if !object.contains_key("event") => self.add(value)?,
                Value::String(id) => {
                    let id = id.parse();
                    self.ids
                        .push(id.map_err(|_| format!("has {value} for a device id"))?);
                }
                other => return Err(format!("has `{other}` for a device")),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00112233-4455-6677-8899-aabbccddeeff";
    const B: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

    #[test]
    fn what_graph_and_we_write_is_read() {
        let both: Vec<Guid> = vec![A.parse().expect("an id"), B.parse().expect("an id")];
        for text in [
            format!(
                r#"{{"@odata.context":"x","value":[{{"id":"{A}"}},{{"id":"{B}","deviceName":null}}]}}"#
            ),
            format!(r#"[{{"Id":"{A}"}},{{"id":"{B}"}}]"#),
            format!(r#"["{A}","{B}"]"#),
            format!(r#"{{"TotalDevices":2,"Failures":[{{"Id":"{A}"}},{{"Id":"{B}"}}]}}"#),
            format!(r#"{{"id":"7f","devices":[{{"id":"{A}"}},{{"id":"{B}"}}]}}"#),
            format!(
                "{{\"event\":\"planned\"}}\n{{\"event\":\"device\",\"id\":\"{A}\"}}\n{{\"event\":\"device\",\"id\":\"{B}\"}}\n"
            ),
            format!("{{\"id\":\"{A}\"}}\n{{\"id\":\"{B}\"}}"),
        ] {
            assert!(is_one(&text), "{text}");
            assert_eq!(devices(&text), Ok(DeviceList::Ids(both.clone())), "{text}");
        }
    }

    #[test]
    fn devices_of_entra_are_named_by_the_id_that_intune_knows() {
        let text = format!(r#"{{"value":[{{"id":"{A}","deviceId":"{B}","displayName":"PC"}}]}}"#);
        let id = B.parse().expect("an id");
        assert_eq!(devices(&text), Ok(DeviceList::EntraIds(vec![id])));
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, problem) in [
            (
                format!(r#"{{"event":"device-done","id":"{A}"}}"#),
                "is the log of a run",
            ),
            ("{".to_owned(), "is not valid JSON"),
            (r#"{"id":"x"}"#.to_owned(), "has no device id in"),
            (r#"{"value":7}"#.to_owned(), "has no list of devices"),
            (r#"[7]"#.to_owned(), "has `7` for a device"),
            (r#"["x"]"#.to_owned(), "has \"x\" for a device id"),
            (
                format!(r#"[{{"id":"{A}"}},{{"id":"{A}","deviceId":"{A}"}}]"#),
                "has devices of Intune and of Entra",
            ),
        ] {
            let error = devices(&text).expect_err(&text);
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
