//! What a run reports: a JSON object for each event, one for the run, a summary for people, and how the program ends.
//!
//! Nothing here does I/O or has a clock: the caller passes the time in, and writes the texts out.

mod collector;
mod counts;
mod event;
mod exit_status;
mod groups;
mod object;
mod text;
mod turn;

use jiff::Timestamp;

pub use self::{
    collector::{Collector, Format},
    counts::{Counts, minutes},
    event::retried,
    exit_status::ExitStatus,
    object::{ErrorObject, FailedDevice, Outcome, by_variables, guid},
    text::{list, shortfall, table},
    turn::{Stop, Turn},
};

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
