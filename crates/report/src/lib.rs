//! What a run reports: a JSON object for each event, one for the run, a summary for people, and how the program ends.
//!
//! Nothing here does I/O or has a clock: the caller passes the time in, and writes the texts out.

mod collector;
mod confirmed;
mod counts;
mod delivery;
mod event;
mod exit_status;
mod groups;
mod headline;
mod notification;
mod object;
mod planned;
mod selected_group;
mod text;
mod turn;

use std::borrow::Cow;

use jiff::Timestamp;

pub use self::{
    collector::{Collector, Format, Recorded},
    confirmed::{Confirmed, ConfirmedPlatform, UnconfirmedDevice},
    counts::{Counts, minutes},
    delivery::{Undelivered, not_sent},
    event::retried,
    exit_status::ExitStatus,
    headline::{Figures, devices, early, grouped, headline},
    notification::Notification,
    object::{ErrorObject, FailedDevice, Outcome, by_variables, guid},
    planned::PlannedDevice,
    selected_group::SelectedGroup,
    text::{advice, list, shortfall, table},
    turn::{Stop, Turn},
};

/// Whether a character steers a terminal, or hides or reorders the text next to it.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The same JSON with these characters escaped too: JSON itself insists on the first 32 only.
#[must_use]
pub fn escape_json(json: &str) -> Cow<'_, str> {
    let escapes = |c: char| steers(c) && !c.is_ascii();
    if !json.contains(escapes) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match escapes(c) {
            true => escaped += &format!("\\u{:04x}", u32::from(c)),
            false => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// The text without control characters: a device's name or a server's message can neither forge a line of the log nor
/// steer the terminal.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.trim_end()
        .chars()
        .map(|c| if steers(c) { ' ' } else { c })
        .collect()
}

/// Names a run: when it began, and four hexadecimal digits of the engine's `seed`, so that two runs that begin in the
/// same second differ.
#[must_use]
pub fn run_id(started: Timestamp, seed: u64) -> String {
    format!(
        "{}-{:04x}",
        started.strftime("%Y%m%d-%H%M%S"),
        seed & 0xffff
    )
}

/// The time of day, from the seconds since 1970 and nanoseconds that a WASI wall clock returns.
#[must_use]
pub fn time_of_day(seconds: u64, nanoseconds: u32) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let nanoseconds = i32::try_from(nanoseconds).unwrap_or_default();
    Timestamp::new(seconds, nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Controls of both sets, marks of direction, and what has no width.
    const STEERING: &str =
        "\u{85}\u{9b}\u{61c}\u{200b}\u{200e}\u{200f}\u{202e}\u{2066}\u{2060}\u{feff}";

    #[test]
    fn a_name_can_neither_steer_the_terminal_nor_hide_in_a_line() {
        let name = format!("a\u{1b}\n{STEERING}b \u{fc}\u{1f600}");
        assert_eq!(
            one_line(&name),
            format!("a{}b \u{fc}\u{1f600}", " ".repeat(12))
        );
    }

    #[test]
    fn json_is_the_same_json_without_such_characters() {
        let value = serde_json::json!({ "name": format!("a\u{1b}{STEERING}b \u{fc}\u{1f600}") });
        let json = format!("{value}\n");
        let escaped = escape_json(&json);
        assert!(!escaped.trim_end().contains(steers), "{escaped}");
        assert!(escaped.contains("\\u009b") && escaped.contains('\u{1f600}'));
        let read: serde_json::Value = serde_json::from_str(&escaped).expect("JSON");
        assert_eq!(read, value);
        assert!(matches!(escape_json("{\"a\":1}\n"), Cow::Borrowed(_)));
    }
}
