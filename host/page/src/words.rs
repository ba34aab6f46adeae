//! Times, as the page writes them.

use jiff::Timestamp;

/// The time of day and the date, in UTC: `2026-11-26 04:15:00 UTC`. A text of the history that is not a time stays as
/// it is.
pub(crate) fn time(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(time) => format!("{} UTC", time.strftime("%Y-%m-%d %H:%M:%S")),
        Err(_) => text.to_owned(),
    }
}

/// The same of milliseconds since 1970.
pub(crate) fn moment(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    format!("{} UTC", time.strftime("%Y-%m-%d %H:%M:%S"))
}
