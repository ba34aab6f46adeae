//! The body of a request: a JSON object whose keys are those of the config file.

use core::fmt;

use intune_sync_ids::without_bom;
use intune_sync_settings::{Bound, Given, NotSet, Setting};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use crate::Refusal;

/// The longest body, in bytes: about 25,000 device ids.
pub const BODY_MAX: usize = 1 << 20;

/// Reads a body. An empty one sets nothing.
///
/// # Errors
///
/// 400 when it is not a JSON object, has an unknown key or one twice, or a value that is not allowed; 403 for a key
/// that is for the operator alone.
pub fn read(body: &[u8]) -> Result<Given, Refusal> {
    let body = without_bom(body);
    if body.trim_ascii().is_empty() {
        return Ok(Given::default());
    }
    let Entries(entries) = serde_json::from_slice(body).map_err(|error| {
        Refusal::new(
            400,
            format!("the body is not a JSON object: {error}"),
            r#"a body is `{"os": ["Windows"], "stale-for": "24h"}`, or empty"#,
        )
    })?;
    let mut given = Given::default();
    for (at, (key, value)) in entries.iter().enumerate() {
        if entries[..at].iter().any(|(earlier, _)| earlier == key) {
            let message = format!("`{key}` is given more than once");
            return Err(Refusal::new(400, message, format!("give `{key}` once")));
        }
        let setting = Setting::find(key)
            .filter(|setting| setting.bound != Bound::Program)
            .ok_or_else(|| unknown(key))?;
        if setting.bound == Bound::Operator {
            return Err(Refusal::new(
                403,
                format!("`{key}` is for the operator alone"),
                "leave it out: it is set in the service's environment",
            ));
        }
        let values = texts(value).ok_or_else(|| {
            Refusal::new(
                400,
                format!("{} is not allowed for `{key}`: it takes a text, a number, a boolean, or a list of these", kind(value)),
                "write the value as in the config file of `intune-sync`",
            )
        })?;
        setting
            .set(&mut given, &values)
            .map_err(|problem| match problem {
                NotSet::Unknown => unknown(key),
                NotSet::Refused { value, allowed } => Refusal::new(
                    400,
                    format!("`{value}` is not allowed for `{key}`: {allowed}"),
                    "correct it, or leave it out",
                ),
            })?;
    }
    Ok(given)
}

fn unknown(key: &str) -> Refusal {
    let kebab = key.to_ascii_lowercase().replace('_', "-");
    let mut keys = Setting::of_component().map(|setting| setting.key);
    let hint = if keys.any(|key| key == kebab) {
        format!("write `{kebab}`")
    } else {
        let keys: Vec<String> = Setting::of_component()
            .map(|setting| format!("`{}`", setting.key))
            .collect();
        format!("the keys are {}", keys.join(", "))
    };
    let shown: String = key.chars().take(80).collect();
    Refusal::new(400, format!("`{shown}` is not a known key"), hint)
}

/// The value as it would be written on the command line.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Number(number) => Some(vec![number.to_string()]),
        Value::Bool(value) => Some(vec![value.to_string()]),
        Value::Array(values) => values
            .iter()
            .map(|value| match value {
                Value::Array(_) => None,
                value => texts(value)?.pop(),
            })
            .collect(),
        Value::Null | Value::Object(_) => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "`null`",
        Value::Object(_) => "an object",
        _ => "such a list",
    }
}

/// The entries of an object, each as often as it is there.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(body: &str) -> (u16, String) {
        let refusal = read(body.as_bytes()).expect_err(body);
        (refusal.status, refusal.advice.message)
    }

    #[test]
    fn values_are_written_as_in_the_config_file() {
        let given = read(
            br#"{"os": ["Windows", "iOS"], "name": "LAB-*", "batch-size": 100, "batch-delay-seconds": 1.5,
                "stale-for": "1h30m", "max-rate": "4.5", "include-unsupported": true, "pace": "quota",
                "device": ["00112233-4455-6677-8899-aabbccddeeff"], "yes": true}"#,
        )
        .expect("all is well");
        assert_eq!(given.os, ["Windows", "iOS"]);
        assert_eq!(given.name, ["LAB-*"]);
        assert_eq!(
            (given.batch_size, given.batch_delay),
            (Some(100), Some(1_500))
        );
        assert_eq!(
            (given.stale_for, given.max_rate),
            (Some(5_400_000), Some(4_500))
        );
        assert_eq!(
            (given.include_unsupported, given.yes),
            (Some(true), Some(true))
        );
        assert_eq!(given.device.len(), 1);
        for empty in ["", "  \n", "{}", "\u{feff}", "\u{feff}{}"] {
            assert_eq!(read(empty.as_bytes()), Ok(Given::default()));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, status, message) in [
            (
                "[]",
                400,
                "the body is not a JSON object: invalid type: sequence, expected an object at line 1 column 0",
            ),
            (
                r#"{"os": "x"} {}"#,
                400,
                "the body is not a JSON object: trailing characters at line 1 column 13",
            ),
            (
                r#"{"batch-size": 0}"#,
                400,
                "`0` is not allowed for `batch-size`: it takes 1 to 10000 devices",
            ),
            (
                r#"{"batch-size": 1e3}"#,
                400,
                "`1000.0` is not allowed for `batch-size`: it takes 1 to 10000 devices",
            ),
            (
                r#"{"batch_size": 5}"#,
                400,
                "`batch_size` is not a known key",
            ),
            (r#"{"group": "Kiosks"}"#, 400, "`group` is not a known key"),
            (
                r#"{"limit": 5, "limit": 6}"#,
                400,
                "`limit` is given more than once",
            ),
            (
                r#"{"device": []}"#,
                400,
                "`[]` is not allowed for `device`: it takes at least one value",
            ),
            (
                r#"{"os": null}"#,
                400,
                "`null` is not allowed for `os`: it takes a text, a number, a boolean, or a list of these",
            ),
            (
                r#"{"os": [["a"]]}"#,
                400,
                "such a list is not allowed for `os`: it takes a text, a number, a boolean, or a list of these",
            ),
            (
                r#"{"graph-url": "https://evil.example"}"#,
                403,
                "`graph-url` is for the operator alone",
            ),
            (
                r#"{"client-secret": "x"}"#,
                403,
                "`client-secret` is for the operator alone",
            ),
        ] {
            assert_eq!(refused(body), (status, message.to_owned()), "{body}");
        }
    }

    proptest! {
        /// Any body is read or refused.
        #[test]
        fn no_body_breaks_it(body in any::<Vec<u8>>(), key in "[a-z-]{0,24}", value in "[ -~]{0,24}") {
            let _ = read(&body);
            if let Err(refusal) = read(serde_json::json!({ key: value }).to_string().as_bytes()) {
                prop_assert!(matches!(refusal.status, 400 | 403));
            }
        }
    }
}
