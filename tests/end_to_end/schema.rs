//! The JSON Schemas of the output.

use std::{fs, path::Path};

use jsonschema::{Registry, Validator};
use serde_json::Value;

/// Checks the object of `--output json`: it is one line.
pub(crate) fn assert_output(text: &str) {
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_valid(&validator("output"), text);
}

/// Checks each line of `--output jsonl`.
pub(crate) fn assert_events(text: &str) {
    assert!(text.ends_with('\n'));
    assert_valid(&validator("event"), text);
}

/// Checks the object of `runs confirm --output json`: it is one line.
pub(crate) fn assert_confirmation(text: &str) {
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_valid(&validator("confirmation"), text);
}

/// Checks the object of a rehearsal's `--output json`: it is one line.
pub(crate) fn assert_rehearsal(text: &str) {
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_valid(&validator("rehearsal"), text);
}

/// Checks the object of `doctor --output json`: it is one line.
pub(crate) fn assert_doctor(text: &str) {
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_valid(&validator("doctor"), text);
}

/// Checks the object of `grant --output json`: it is one line.
pub(crate) fn assert_grant(text: &str) {
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_valid(&validator("grant"), text);
}

/// Checks a message about a run in its general form.
pub(crate) fn assert_notification(text: &str) {
    assert_valid(&validator("notification"), text);
}

fn assert_valid(validator: &Validator, lines: &str) {
    for line in lines.lines() {
        let value: Value = serde_json::from_str(line).expect("a line is JSON");
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{line}\n{errors:#?}");
    }
}

fn validator(name: &str) -> Validator {
    let output = schema("output");
    let registry = Registry::new()
        .add("file:///output.schema.json", &output)
        .expect("the address is one")
        .prepare()
        .expect("the schema refers to itself alone");
    jsonschema::options()
        .with_base_uri(format!("file:///{name}.schema.json"))
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&schema(name))
        .expect("the schema is one")
}

fn schema(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let text = fs::read_to_string(folder.join(format!("{name}.schema.json")));
    serde_json::from_str(&text.expect("the schema is there")).expect("the schema is JSON")
}
