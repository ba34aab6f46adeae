//! Lengths of time on the command line and in messages. The unit inside is the millisecond.
//!
//! A number alone means seconds only for the runbook's two delays, whose names say so: `--stale-for 7` might as well be
//! days.

use std::ops::RangeInclusive;

pub use intune_sync_ranges::{DAY, HOUR, SECOND};

use crate::number::{Refused, decimal, thousandths};

/// A unit: how it is written here, in milliseconds, and how else people write it, in the singular.
struct Unit(&'static str, u64, &'static [&'static str]);

/// The units, the longest first.
const UNITS: [Unit; 6] = [
    Unit("w", 7 * DAY, &["week"]),
    Unit("d", DAY, &["day"]),
    Unit("h", HOUR, &["hour", "hr"]),
    Unit("m", 60 * SECOND, &["minute", "min"]),
    Unit("s", SECOND, &["second", "sec"]),
    Unit("ms", 1, &["millisecond"]),
];

/// Whether a number alone is a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bare {
    /// It is in seconds.
    Seconds,
    /// It needs a unit.
    Refused,
}

/// A parser of durations within `range`, in milliseconds.
pub fn within(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<u64, Refused> + Clone + Send + Sync + 'static {
    parser(range, Bare::Refused)
}

/// The same, where a number alone is in seconds.
pub fn seconds_within(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<u64, Refused> + Clone + Send + Sync + 'static {
    parser(range, Bare::Seconds)
}

fn parser(
    range: RangeInclusive<u64>,
    bare: Bare,
) -> impl Fn(&str) -> Result<u64, Refused> + Clone + Send + Sync + 'static {
    move |text| {
        if bare == Bare::Refused && text != "0" && decimal(text).is_some() {
            return Err(Refused(format!(
                "it needs a unit: `{text}d`, `{text}h`, `{text}m` or `{text}s`"
            )));
        }
        parse(text)
            .filter(|length| range.contains(length))
            .ok_or_else(|| {
                let (least, most) = (display(*range.start()), display(*range.end()));
                let how = match bare {
                    Bare::Seconds => {
                        "as seconds (`10`, `1.5`) or with units (`500ms`, `2m`, `1h30m`)"
                    }
                    Bare::Refused => "with units (`90s`, `2m`, `1h30m`, `7d`)",
                };
                Refused(format!("it takes {least} to {most}, {how}"))
            })
    }
}

/// A length of time that is not always the same, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// At least.
    pub min: u32,
    /// At most; not less than `min`.
    pub max: u32,
}

/// A parser of spans, `100ms..800ms`, or a single duration for one that is always the same; at most `most`
/// milliseconds.
pub fn span(most: u32) -> impl Fn(&str) -> Result<Span, Refused> + Clone + Send + Sync + 'static {
    let bound = move |text: &str| {
        u32::try_from(parse(text)?)
            .ok()
            .filter(|length| *length <= most)
    };
    move |text| {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let refused = || {
            let most = display(most.into());
            Refused(format!(
                "it takes a duration up to {most} (`200ms`), or two from the shorter to the longer (`100ms..800ms`)"
            ))
        };
        let (min, max) = bound(min).zip(bound(max)).ok_or_else(refused)?;
        if min > max {
            return Err(refused());
        }
        Ok(Span { min, max })
    }
}

/// Reads `10` and `1.5` as seconds, and `500ms`, `1.5s`, `2m`, `1h30m`, `7d`, `1w`, `7 days`: numbers with units, the
/// longer unit first and each at most once. Less than a millisecond is rounded up to one.
fn parse(text: &str) -> Option<u64> {
    if let Some(seconds) = decimal(text) {
        return milliseconds(seconds.digits, seconds.scale, SECOND);
    }
    let mut units = UNITS.iter();
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (number, tail) =
            rest.split_at(rest.find(|c: char| c == ' ' || c.is_ascii_alphabetic())?);
        let tail = tail.trim_start_matches(' ');
        let (name, tail) = tail.split_at(
            tail.find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len()),
        );
        let Unit(_, unit, _) = units.find(|unit| unit.is_called(name))?;
        let number = decimal(number)?;
        total = total.checked_add(milliseconds(number.digits, number.scale, *unit)?)?;
        rest = tail.trim_start_matches(' ');
    }
    (!text.is_empty()).then_some(total)
}

impl Unit {
    fn is_called(&self, name: &str) -> bool {
        let Self(short, _, long) = self;
        let lower = name.to_ascii_lowercase();
        name == *short || long.contains(&lower.strip_suffix('s').unwrap_or(&lower))
    }
}

fn milliseconds(digits: u128, scale: u32, unit: u64) -> Option<u64> {
    u64::try_from((digits * u128::from(unit)).div_ceil(10_u128.pow(scale))).ok()
}

/// A length of time for people: `500ms`, `2.5s`, `3m20s`, `1h30m`, `2d4h`. From a minute on in whole seconds, from an
/// hour on in whole minutes, from a day on in whole hours, rounded to the nearest, but a round number stays one.
pub fn display(length: u64) -> String {
    match length {
        0 => return "0s".to_owned(),
        1..SECOND => return format!("{length}ms"),
        _ if length < 60 * SECOND => return format!("{}s", thousandths(length)),
        _ => {}
    }
    let grain = match length {
        _ if length < HOUR => SECOND,
        _ if length < DAY => 60 * SECOND,
        _ => HOUR,
    };
    let mut rest = (length.saturating_add(grain / 2)) / grain * grain;
    let mut text = String::new();
    for Unit(name, unit, _) in &UNITS[1..5] {
        if rest >= *unit {
            text += &format!("{}{name}", rest / unit);
            rest %= unit;
        }
    }
    text
}

/// A length of time, exactly, as it can be given again: `10m`, `1h30m`, `1.5s`.
pub fn exact(length: u64) -> String {
    let text = display(length);
    match parse(&text) {
        Some(same) if same == length => text,
        _ => format!("{}s", thousandths(length)),
    }
}

/// A length of time for people, rounded up to whole seconds, for what is not known more exactly.
pub fn display_seconds(length: u64) -> String {
    display(length.div_ceil(SECOND).saturating_mul(SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, expected) in [
            ("0", 0),
            ("10", 10_000),
            ("1.5", 1_500),
            ("0.0001", 1),
            ("500ms", 500),
            ("1.5s", 1_500),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("1d", DAY),
            ("1m500ms", 60_500),
            ("0s", 0),
            ("10 s", 10_000),
            ("1w", 7 * DAY),
            ("7 days", 7 * DAY),
            ("1 Day 2 hours", 26 * HOUR),
            ("90mins", 5_400_000),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "-1",
            "+1",
            "-5s",
            "ten",
            " 10s",
            "s",
            "7 d d",
            "1M",
            "2 years",
            "1h30",
            "30m1h",
            "1m2m",
            "1.2.3s",
            "5x",
            "1e3",
            "10S",
            "99999999999999999999",
            "9999999999999999d",
            "1ü",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_shown() {
        for (length, expected) in [
            (0, "0s"),
            (7, "7ms"),
            (2_500, "2.5s"),
            (59_999, "59.999s"),
            (60_000, "1m"),
            (200_400, "3m20s"),
            (3_599_900, "1h"),
            (5_400_000, "1h30m"),
            (DAY + 4 * HOUR + 10, "1d4h"),
            (u64::MAX / 2, "106751991167d7h"),
        ] {
            assert_eq!(display(length), expected);
        }
    }

    #[test]
    fn a_span_goes_from_the_shorter_to_the_longer() {
        let latency = span(60_000);
        for (text, min, max) in [
            ("100ms..800ms", 100, 800),
            ("0.5..1m", 500, 60_000),
            ("2s..2s", 2_000, 2_000),
            ("0", 0, 0),
        ] {
            assert_eq!(latency(text), Ok(Span { min, max }), "{text}");
        }
        for text in [
            "", "..", "1..", "..1", "2s..1s", "1s..61s", "1s...2s", "1-2", "fast",
        ] {
            assert!(latency(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_exactly_is_read_again() {
        for (length, expected) in [
            (600_000, "10m"),
            (7 * DAY, "7d"),
            (5_400_000, "1h30m"),
            (DAY + 60_000, "86460s"),
            (1_500, "1.5s"),
            (7, "7ms"),
        ] {
            assert_eq!(exact(length), expected);
            assert_eq!(parse(expected), Some(length));
        }
    }

    #[test]
    fn a_number_alone_needs_a_unit_where_its_name_says_none() {
        let refused = "it needs a unit: `7d`, `7h`, `7m` or `7s`";
        assert_eq!(within(0..=DAY)("7"), Err(Refused(refused.into())));
        assert_eq!(within(0..=DAY)("0"), Ok(0));
        assert_eq!(seconds_within(0..=DAY)("7"), Ok(7_000));
    }

    #[test]
    fn a_refusal_names_the_range() {
        let delay = seconds_within(0..=DAY);
        assert_eq!(delay("24h"), Ok(DAY));
        let refused =
            "it takes 0s to 1d, as seconds (`10`, `1.5`) or with units (`500ms`, `2m`, `1h30m`)";
        assert_eq!(delay("25h"), Err(Refused(refused.into())));
        assert_eq!(delay("-1"), Err(Refused(refused.into())));
    }
}
