//! The messages, against the schemas and limits of those who take them.

use std::{env, fs, path::Path};

use intune_sync_notify::{
    body,
    contract::{Counts, FailedDevice, Format, Message, Tone},
};
use serde_json::Value;

/// What Teams takes, in bytes.
const MOST: usize = 28 * 1024;

/// What hurts if it is taken for markup.
const HOSTILE: &str =
    "<!channel> [click](https://evil.example) **PC** <https://evil.example|here> `x` & _y_ :bomb:";

fn message(format: Format) -> Message {
    Message {
        format,
        tone: Tone::Warning,
        headline: "3 of 500 devices failed".to_owned(),
        outcome: "completed-with-errors".to_owned(),
        exit_code: 3,
        tenant: "7f1f2a9c-8d3e-4c55-9b1a-2f0d9c6e4b11".to_owned(),
        identity: "11111111-2222-4333-8444-555555555555".to_owned(),
        host: "runner-7".to_owned(),
        run: "20261126-021700-4f2a".to_owned(),
        started_at: "2026-11-26T02:17:00Z".to_owned(),
        duration: 551_000,
        counts: Some(Counts {
            total: 500,
            success: 490,
            error: 3,
            skipped: 6,
            gone: 1,
            pending: 0,
        }),
        failures: vec![failed("PC-0007"), failed(HOSTILE)],
        hint: "look at what they have in common".to_owned(),
        next: "intune-sync runs show 20261126-021700-4f2a --only failed".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

fn failed(name: &str) -> FailedDevice {
    FailedDevice {
        id: "00112233-4455-6677-8899-aabbccddeeff".to_owned(),
        name: name.to_owned(),
        status: Some(400),
        code: "BadRequest".to_owned(),
        message: HOSTILE.to_owned(),
        request_id: "9f0c0000-0000-0000-0000-000000000001".to_owned(),
    }
}

/// A message of a run that did not begin.
fn refused(format: Format) -> Message {
    Message {
        tone: Tone::Bad,
        headline: "the run was not authorized: the secret has expired".to_owned(),
        tenant: String::new(),
        identity: String::new(),
        run: String::new(),
        counts: None,
        failures: Vec::new(),
        hint: String::new(),
        next: String::new(),
        ..message(format)
    }
}

/// A message whose texts are as long as the host makes them, of characters that take as many bytes as any.
fn longest(format: Format) -> Message {
    let text = |characters: usize| "\u{1f4a3}".repeat(characters);
    let device = FailedDevice {
        id: text(36),
        name: text(100),
        status: Some(400),
        code: text(60),
        message: text(200),
        request_id: text(36),
    };
    Message {
        headline: text(300),
        hint: text(300),
        next: text(300),
        tenant: text(100),
        identity: text(100),
        host: text(100),
        failures: vec![device; 5],
        ..message(format)
    }
}

fn written(message: &Message) -> Value {
    let body = body(message);
    assert!(body.len() <= MOST, "{} bytes", body.len());
    serde_json::from_slice(&body).expect("JSON")
}

#[test]
fn messages_fit_the_schemas() {
    for (format, schema) in [
        (Format::Teams, include_str!("schemas/teams.schema.json")),
        (Format::Slack, include_str!("schemas/slack.schema.json")),
    ] {
        let schema = serde_json::from_str(schema).expect("JSON");
        let schema = jsonschema::validator_for(&schema).expect("a schema");
        for message in [message(format), refused(format), longest(format)] {
            let written = written(&message);
            let errors: Vec<String> = schema
                .iter_errors(&written)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}\n{written:#}");
        }
    }
}

#[test]
fn all_that_is_known_is_in_each() {
    for format in [Format::Teams, Format::Slack, Format::Json] {
        let text = written(&message(format)).to_string();
        for known in [
            "3 of 500 devices failed",
            "7f1f2a9c-8d3e-4c55-9b1a-2f0d9c6e4b11",
            "11111111-2222-4333-8444-555555555555",
            "runner-7",
            "20261126-021700-4f2a",
            "2026-11-26T02:17:00Z",
            "PC-0007",
            "490",
            "look at what they have in common",
            "intune-sync runs show",
        ] {
            assert!(text.contains(known), "{known} in {text}");
        }
    }
    for format in [Format::Teams, Format::Slack] {
        let text = written(&message(format)).to_string();
        assert!(
            text.contains("9 min 11 s") && text.contains("and 1 more"),
            "{text}"
        );
    }
}

/// A name stays a name: every text with one in it is of a kind that is not formatted.
#[test]
fn what_a_device_is_called_is_not_markup() {
    let mut checked = 0;
    visit(&written(&message(Format::Teams)), &mut |object| {
        if object["text"]
            .as_str()
            .is_some_and(|text| text.contains("evil"))
        {
            assert_eq!(object["type"], "TextRun");
            checked += 1;
        }
    });
    visit(&written(&message(Format::Slack)), &mut |object| {
        if object["text"]
            .as_str()
            .is_some_and(|text| text.contains("evil"))
        {
            assert_eq!(
                (&object["type"], &object["emoji"]),
                (&"plain_text".into(), &false.into())
            );
            checked += 1;
        }
    });
    assert_eq!(checked, 5, "in Teams name and message are apart");
    // The line for notifications is formatted, and so is escaped.
    let mut hostile = message(Format::Slack);
    hostile.headline = HOSTILE.to_owned();
    let text = written(&hostile)["text"].clone();
    let text = text.as_str().expect("a text");
    assert!(
        text.contains("&lt;!channel&gt;") && text.contains(" &amp; "),
        "{text}"
    );
}

/// Calls `look` with every object in a value.
fn visit(value: &Value, look: &mut impl FnMut(&Value)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| visit(value, look)),
        Value::Object(object) => {
            look(value);
            object.values().for_each(|value| visit(value, look));
        }
        _ => {}
    }
}

/// The examples in the documentation are messages. `INTUNE_SYNC_WRITE_DOCS=1` writes them anew.
#[test]
fn the_documentation_has_each_message() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/notifications");
    for (kind, format) in [
        ("json", Format::Json),
        ("slack", Format::Slack),
        ("teams", Format::Teams),
    ] {
        let mut message = message(format);
        message.failures.truncate(1);
        message.failures[0].message = "the device cannot sync".to_owned();
        let message = written(&message);
        let path = docs.join(kind).with_extension("json");
        if env::var_os("INTUNE_SYNC_WRITE_DOCS").is_some() {
            fs::write(&path, format!("{message:#}\n")).expect("it can be written");
        }
        let documented = fs::read(&path).expect("the repository has it");
        let documented: Value = serde_json::from_slice(&documented).expect("JSON");
        assert!(
            documented == message,
            "`INTUNE_SYNC_WRITE_DOCS=1` writes {kind}.json anew"
        );
    }
}
