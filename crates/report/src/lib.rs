//! What a run says, as text: a JSON object for each event, one for the run, and a summary for people.
//!
//! Nothing here has a clock: the caller tells the time.

mod line;
mod lines;
mod object;
mod text;

use jiff::Timestamp;

pub use self::line::retried;
pub use self::lines::Lines;
pub use self::object::{FailedDevice, Outcome, PlanReport, Problem, SyncReport, guid, minutes};
pub use self::text::{list, plan, sync};

/// The text without control characters: a device's name or a server's message can neither forge a line of the log nor
/// steer the terminal.
#[must_use]
pub fn one_line(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.trim_end()
        .chars()
        .map(|c| if steers(c) { ' ' } else { c })
        .collect()
}

/// Names a run: when it began, and four digits against chance, of the engine's `seed`.
#[must_use]
pub fn run_id(started: Timestamp, seed: u64) -> String {
    format!(
        "{}-{:04x}",
        started.strftime("%Y%m%d-%H%M%S"),
        seed & 0xffff
    )
}
