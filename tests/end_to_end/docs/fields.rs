//! What the pages list of the program's outputs is what their JSON Schemas have.

use std::{fs, path::Path};

use serde_json::Value;

use super::page::Page;

/// The objects of the schema, and what the reference calls them.
const OBJECTS: [(&str, &str); 6] = [
    ("sync", "The object of `sync`:"),
    ("failedDevice", "Each of `Failures`:"),
    ("error", "`Error`, of a run that ended early:"),
    ("confirmed", "`Confirmed`, with `--confirm-after`:"),
    ("plan", "The object of `plan`:"),
    ("plannedDevice", "Each of `Devices`, with `plan --list`:"),
];

#[test]
fn the_reference_has_each_field() {
    let schema = schema("output");
    let tables: Vec<String> = OBJECTS
        .iter()
        .map(|(name, title)| table(&schema, name, title))
        .collect();
    let tables = format!("\n{}\n", tables.join("\n"));
    Page::of_docs("reference.md").hold("fields", &tables);
}

/// Troubleshooting has a row for each cause that `doctor` names.
#[test]
fn troubleshooting_has_each_cause() {
    let schema = schema("doctor");
    let causes = schema["$defs"]["cause"]["enum"].as_array().expect("words");
    let page = Page::of_docs("troubleshooting.md");
    let missing = causes.iter().filter_map(Value::as_str);
    let missing: Vec<&str> = missing
        .filter(|cause| !page.text.contains(&format!("`{cause}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn schema(name: &str) -> Value {
    let file = format!("schemas/{name}.schema.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let schema = fs::read_to_string(path).expect("there is a schema");
    serde_json::from_str(&schema).expect("JSON")
}

fn table(schema: &Value, name: &str, title: &str) -> String {
    let object = &schema["$defs"][name];
    let required = object["required"].as_array();
    let properties = object["properties"].as_object().expect("an object");
    let mut table = format!("{title}\n\n| Field | Is | Always there |\n|---|---|---|\n");
    for (field, property) in properties {
        let reference = property["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next());
        let property = reference.map_or(property, |name| &schema["$defs"][name]);
        let what = property["description"].as_str();
        let what = what.unwrap_or_else(|| panic!("`{field}` has no description"));
        let words = property["enum"].as_array().map(|words| {
            let words: Vec<String> = words
                .iter()
                .filter_map(Value::as_str)
                .map(|word| format!("`{word}`"))
                .collect();
            format!(" One of {}.", words.join(", "))
        });
        let is_required =
            required.is_some_and(|required| required.contains(&field.as_str().into()));
        let always = if is_required { "yes" } else { "" };
        table += &format!(
            "| `{field}` | {what}{} | {always} |\n",
            words.unwrap_or_default()
        );
    }
    table
}
