//! The JSON Schema of the config file, for editors: made from the flags and the table of settings.

use intune_sync_files::config::PROFILE;
use intune_sync_settings::{Form, Setting};
use serde_json::{Map, Value, json};

use crate::cli::{self, Key};

/// The schema, as it is in `host/schemas/config.schema.json`.
pub(super) fn text() -> String {
    let tree = cli::tree();
    let keys: Map<String, Value> = Key::all(&tree)
        .iter()
        .map(|key| (key.long.to_owned(), of_key(key)))
        .collect();
    let mut properties = keys.clone();
    properties.insert(
        PROFILE.to_owned(),
        json!({
            "description": "Profiles: the keys of the one that `--profile` names win over the rest of the file",
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": keys,
                "additionalProperties": false,
            },
        }),
    );
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The config file of intune-sync",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    serde_json::to_string_pretty(&schema).expect("it is JSON") + "\n"
}

/// What a key takes.
fn of_key(key: &Key<'_>) -> Value {
    let one = one(key);
    let mut schema = match (key.is_list(), one) {
        (true, one) => json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] }),
        (false, one) => one,
    };
    let help = key.arg.get_help().map(ToString::to_string);
    schema["description"] = help.unwrap_or_default().into();
    if let Some(default) = default(key) {
        schema["default"] = default;
    }
    schema
}

/// What one value of a key is.
fn one(key: &Key<'_>) -> Value {
    if key.is_switch() {
        return json!({ "type": "boolean" });
    }
    let words: Vec<String> = key
        .arg
        .get_possible_values()
        .iter()
        .map(|word| word.get_name().to_owned())
        .collect();
    if !words.is_empty() {
        return json!({ "enum": words });
    }
    match Setting::find(key.long).map(Setting::form) {
        Some(Form::Boolean) => json!({ "type": "boolean" }),
        Some(Form::Integer(range)) => {
            json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() })
        }
        Some(Form::Number) => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Some(Form::Seconds) => json!({ "type": ["number", "string"] }),
        Some(Form::Duration | Form::Text) | None => json!({ "type": "string" }),
    }
}

/// The default of a key, in the form that its value has.
fn default(key: &Key<'_>) -> Option<Value> {
    if key.is_switch() {
        return Some(false.into());
    }
    let text = key.arg.get_default_values().first()?.to_str()?;
    let number = match Setting::find(key.long).map(Setting::form) {
        Some(Form::Integer(_) | Form::Number | Form::Seconds) => serde_json::from_str(text).ok(),
        _ => None,
    };
    Some(number.unwrap_or_else(|| text.into()))
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    /// `INTUNE_SYNC_WRITE_SCHEMA=1` writes it anew.
    #[test]
    fn the_schema_is_the_one_in_the_repository() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/config.schema.json");
        if env::var_os("INTUNE_SYNC_WRITE_SCHEMA").is_some() {
            fs::write(&path, text()).expect("it can be written");
        }
        let found = fs::read_to_string(&path).expect("it is there");
        assert_eq!(found, text(), "`INTUNE_SYNC_WRITE_SCHEMA=1` writes it anew");
    }

    #[test]
    fn an_editor_accepts_what_the_program_does_and_underlines_what_it_does_not() {
        let schema: Value = serde_json::from_str(&text()).expect("it is JSON");
        let validator = jsonschema::validator_for(&schema).expect("it is a schema");
        for (file, is_valid) in [
            (
                "batch-size = 100\nos = [\"Windows\", \"iOS\"]\nyes = true\n",
                true,
            ),
            (
                "os = \"Windows\"\nbatch-delay-seconds = 2.5\nmax-rate = 5\n",
                true,
            ),
            (
                "[profile.nightly]\npace = \"quota\"\nca-file = \"x.pem\"\n",
                true,
            ),
            ("batch-size = 0\n", false),
            ("batchsize = 50\n", false),
            ("pace = \"fast\"\n", false),
            ("os = []\n", false),
            ("[profile.nightly]\npaces = \"quota\"\n", false),
        ] {
            let value: Value = toml::from_str(file).expect("TOML");
            assert_eq!(validator.is_valid(&value), is_valid, "{file}");
        }
    }
}
