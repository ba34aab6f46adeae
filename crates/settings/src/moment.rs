//! Moments on the command line: `2026-11-01`, or with a time, `2026-11-01T06:00:00Z`. Inside, milliseconds since 1970.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::number::Refused;

/// What a moment is written as.
pub(crate) const FORM: &str = "a date (`2026-11-01`), or with a time (`2026-11-01T06:00:00Z`)";

/// Reads a moment since 1970. A date is its beginning in UTC.
///
/// # Errors
///
/// Saying what is allowed.
pub(crate) fn moment(text: &str) -> Result<u64, Refused> {
    let date = || {
        let date: Date = text.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let time = || text.parse::<Timestamp>().ok();
    // A date that carries a time is parsed as a date too, without it.
    let moment = match text.len() {
        10 => date(),
        _ => time(),
    };
    moment
        .and_then(|moment| u64::try_from(moment.as_millisecond()).ok())
        .ok_or_else(|| Refused(format!("it takes {FORM}")))
}

/// A moment as it can be given again.
pub(crate) fn written(moment: u64) -> String {
    let moment = i64::try_from(moment).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(moment).unwrap_or(Timestamp::MAX);
    let text = time.to_string();
    match text.strip_suffix("T00:00:00Z") {
        Some(date) => date.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written() {
        for (text, expected, again) in [
            ("2026-11-01", 1_793_491_200_000, "2026-11-01"),
            (
                "2026-11-01T06:00:00Z",
                1_793_512_800_000,
                "2026-11-01T06:00:00Z",
            ),
            (
                "2026-11-01T06:00:00+02:00",
                1_793_505_600_000,
                "2026-11-01T04:00:00Z",
            ),
            ("1970-01-01", 0, "1970-01-01"),
        ] {
            assert_eq!(moment(text), Ok(expected), "{text}");
            assert_eq!(written(expected), again);
        }
        for text in [
            "",
            "7d",
            "2026-13-01",
            "01.11.2026",
            "2026-11-01T06:00:00",
            "1969-12-31",
            "2026-1-1",
        ] {
            assert_eq!(
                moment(text),
                Err(Refused(format!("it takes {FORM}"))),
                "{text}"
            );
        }
    }
}
