//! Every output against its JSON Schema.

use intune_sync_report::Format;
use jsonschema::{Registry, Validator};
use serde_json::Value;

use super::sync;
use crate::cli::Verbosity;

#[test]
fn the_schemas_refuse_what_they_do_not_describe() {
    let (json, jsonl) = (validator("output"), validator("event"));
    let (stdout, _) = sync(Format::Json, Verbosity::Quiet);
    let object: Value = serde_json::from_str(&stdout).expect("one line of JSON");
    let keys: Vec<String> = object
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    for key in keys {
        let mut broken = object.clone();
        broken.as_object_mut().expect("an object").remove(&key);
        let is_optional = key == "Incomplete";
        assert_eq!(json.is_valid(&broken), is_optional, "without {key}");
        broken[&key] = Value::Bool(true);
        assert!(!json.is_valid(&broken), "{key} of a wrong type");
    }
    let (stdout, _) = sync(Format::Jsonl, Verbosity::Quiet);
    for line in stdout.lines() {
        let object: Value = serde_json::from_str(line).expect("one line of JSON");
        let mut broken = object.clone();
        broken["more"] = Value::Null;
        assert!(!jsonl.is_valid(&broken), "{broken}");
        for key in object.as_object().expect("an object").keys() {
            let mut broken = object.clone();
            broken.as_object_mut().expect("an object").remove(key);
            let is_optional = key == "Incomplete";
            assert_eq!(
                jsonl.is_valid(&broken),
                is_optional,
                "without {key}: {broken}"
            );
        }
    }
}

#[test]
fn every_kind_of_event_is_in_the_script() {
    let (stdout, _) = sync(Format::Jsonl, Verbosity::Quiet);
    let schema: Value = serde_json::from_str(EVENT).expect("the schema is JSON");
    let kinds = schema["$defs"].as_object().expect("an object").keys();
    // That one is a plan's.
    for kind in kinds.filter(|kind| *kind != "device") {
        assert!(stdout.contains(&format!(r#""event":"{kind}""#)), "{kind}");
    }
}

const OUTPUT: &str = include_str!("../../../schemas/output.schema.json");

const EVENT: &str = include_str!("../../../schemas/event.schema.json");

pub(super) fn validator(name: &str) -> Validator {
    let parse = |text: &str| -> Value { serde_json::from_str(text).expect("the schema is JSON") };
    let schema = parse(if name == "event" { EVENT } else { OUTPUT });
    let registry = Registry::new()
        .add("file:///output.schema.json", parse(OUTPUT))
        .expect("the address is one")
        .prepare()
        .expect("the schema refers to itself alone");
    jsonschema::options()
        .with_base_uri(format!("file:///{name}.schema.json"))
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&schema)
        .expect("the schema is one")
}

pub(super) fn assert_valid(validator: &Validator, lines: &str) {
    assert!(!lines.is_empty());
    for line in lines.lines() {
        let value: Value = serde_json::from_str(line).expect("one line of JSON");
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{line}\n{errors:#?}");
    }
}
