//! Slack: Block Kit, with a line of text for notifications and for clients that show no blocks.
//!
//! Texts are `plain_text`, which is neither formatted nor searched for links and mentions, so that a device's name is a
//! name whatever it contains. The line of text has no such kind: what would be markup in it is escaped.

use serde_json::{Value, json};

use crate::{
    contract::{Message, Tone},
    facts::{facts, figures, name, not_named, reason},
};

/// The most characters of a header, of a section's text and of one of its fields, and the most fields of a section.
const HEADER: usize = 150;
const TEXT: usize = 3000;
const FIELD: usize = 2000;
const FIELDS: usize = 10;

/// The message.
pub(crate) fn body(message: &Message) -> Value {
    let title = format!("{} {}", mark(message.tone), message.headline);
    let mut blocks = match title.chars().count() {
        0..=HEADER => vec![json!({ "type": "header", "text": plain(&title, HEADER) })],
        _ => vec![section(&title)],
    };
    if let Some(counts) = &message.counts {
        let figures = figures(counts).map(|(label, figure)| (label, figure.to_string()));
        blocks.extend(fields(&figures));
    }
    if !message.hint.is_empty() {
        blocks.push(section(&format!("What to do: {}", message.hint)));
    }
    if !message.next.is_empty() {
        blocks.push(section(&format!("Next: {}", message.next)));
    }
    let mut failures: Vec<String> = message
        .failures
        .iter()
        .map(|device| format!("{}: {}", name(device), reason(device)))
        .collect();
    let more = not_named(message);
    if more > 0 {
        failures.push(format!("and {more} more"));
    }
    if !failures.is_empty() {
        blocks.push(json!({ "type": "divider" }));
        blocks.extend(failures.iter().map(|line| section(line)));
    }
    blocks.push(json!({ "type": "divider" }));
    blocks.extend(fields(&facts(message)));
    json!({
        "text": escaped(&format!("intune-sync: {}", message.headline)),
        "blocks": blocks,
    })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": plain(text, TEXT) })
}

/// Names and values, in sections of as many as one may have.
fn fields(rows: &[(&str, String)]) -> Vec<Value> {
    let sections = rows.chunks(FIELDS).map(|rows| {
        let fields = rows.iter();
        let fields = fields.map(|(label, value)| plain(&format!("{label}: {value}"), FIELD));
        json!({ "type": "section", "fields": fields.collect::<Vec<_>>() })
    });
    sections.collect()
}

/// A text that is shown as it is, of at most this many characters.
fn plain(text: &str, most: usize) -> Value {
    let text: String = text.chars().take(most).collect();
    json!({ "type": "plain_text", "emoji": false, "text": text })
}

/// A text without markup.
fn escaped(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    escaped.replace('>', "&gt;")
}

fn mark(tone: Tone) -> char {
    match tone {
        Tone::Good => '\u{2705}',
        Tone::Warning => '\u{26a0}',
        Tone::Bad => '\u{274c}',
    }
}
