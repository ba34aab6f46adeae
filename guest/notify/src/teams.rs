//! Microsoft Teams: an Adaptive Card, in the envelope that a workflow takes which posts what a webhook receives.
//!
//! Texts are in elements whose text is not Markdown, so that a device's name is a name whatever it contains. Only fixed
//! words and numbers are in the others.

use serde_json::{Value, json};

use crate::{
    contract::{Message, Tone},
    facts::{facts, figures, name, not_named, reason},
};

/// The version of the schema: what Teams shows on each of its clients.
const VERSION: &str = "1.4";

/// The message.
pub(crate) fn body(message: &Message) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card(message),
        }],
    })
}

fn card(message: &Message) -> Value {
    let headline = run(
        &message.headline,
        &[("size", "Large"), ("weight", "Bolder")],
    );
    let mut elements = vec![json!({
        "type": "Container",
        "style": style(message.tone),
        "bleed": true,
        "items": [rich(vec![run("intune-sync", &[("size", "Small")])]), rich(vec![headline])],
    })];
    if let Some(counts) = &message.counts {
        let columns = figures(counts).map(|(label, figure)| {
            json!({
                "type": "Column",
                "width": "stretch",
                "items": [
                    { "type": "TextBlock", "text": figure.to_string(), "size": "Large", "weight": "Bolder" },
                    { "type": "TextBlock", "text": label, "size": "Small", "spacing": "None", "isSubtle": true },
                ],
            })
        });
        // Six columns are too narrow for a phone.
        for columns in columns.chunks(3) {
            elements.push(json!({ "type": "ColumnSet", "columns": columns }));
        }
    }
    if !message.hint.is_empty() {
        elements.push(labelled("What to do", &message.hint));
    }
    if !message.next.is_empty() {
        let command = run(&message.next, &[("fontType", "Monospace")]);
        elements.push(rich(vec![run("Next: ", BOLD), command]));
    }
    elements.extend(failures(message));
    let facts = facts(message).into_iter();
    let facts = facts.map(|(label, value)| labelled(label, &value));
    elements.push(json!({
        "type": "Container",
        "separator": true,
        "items": facts.collect::<Vec<_>>(),
    }));
    json!({
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": VERSION,
        "fallbackText": "intune-sync: this client cannot show the message",
        "body": elements,
    })
}

/// The first devices that failed, and how many more there are.
fn failures(message: &Message) -> Option<Value> {
    let mut lines: Vec<Value> = message
        .failures
        .iter()
        .map(|device| labelled(name(device), &reason(device)))
        .collect();
    let more = not_named(message);
    if more > 0 {
        lines.push(rich(vec![run(&format!("and {more} more"), &[])]));
    }
    (!lines.is_empty()).then(|| {
        json!({
            "type": "Container",
            "separator": true,
            "items": lines,
        })
    })
}

const BOLD: &[(&str, &str)] = &[("weight", "Bolder")];

fn labelled(label: &str, value: &str) -> Value {
    rich(vec![run(&format!("{label}: "), BOLD), run(value, &[])])
}

/// A paragraph whose text is not Markdown.
fn rich(runs: Vec<Value>) -> Value {
    json!({ "type": "RichTextBlock", "inlines": runs })
}

fn run(text: &str, looks: &[(&str, &str)]) -> Value {
    let mut run = json!({ "type": "TextRun", "text": text });
    for (key, value) in looks {
        run[*key] = Value::from(*value);
    }
    run
}

fn style(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "attention",
    }
}
