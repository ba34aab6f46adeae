//! `Retry-After` in all its forms: whole seconds, decimals, an HTTP date; as a header in any letter case, as the header
//! of an item in a batch, as a field inside Intune's message (docs/graph-facts.md#retry-after).

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderMap;

/// How long a response asks to wait; `None` when it names no time. `message` is the field inside Intune's message, and
/// `unix_now` our time of day, for a date in a response without a `Date` header. The longest wait counts.
#[must_use]
pub fn wait(
    headers: &[(String, String)],
    message: Option<&str>,
    unix_now: Duration,
) -> Option<Duration> {
    let named = |name: &'static str| {
        headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    };
    let date = named("date").next().and_then(date);
    named("retry-after")
        .chain(message)
        .filter_map(|text| parse(text, date, unix_now))
        .max()
}

/// The same of a response as an HTTP client hands it over. `now` is our time of day.
#[must_use]
pub fn named_wait(headers: &HeaderMap, message: Option<&str>, now: SystemTime) -> Option<Duration> {
    let texts = headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let unix_now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    wait(&texts.collect::<Vec<_>>(), message, unix_now)
}

fn parse(text: &str, sent: Option<Duration>, unix_now: Duration) -> Option<Duration> {
    // HTTP dates are in whole seconds. The response's own date is rounded down as well, ours is not: add a second.
    const SECOND: Duration = Duration::from_secs(1);
    // Two headers that a proxy has joined are `2, 2`. A date has a comma too, but no part of it is a number of seconds.
    let wait = match text
        .split(',')
        .filter_map(|part| seconds(part.trim()))
        .max()
    {
        Some(wait) => wait,
        None => match sent {
            Some(sent) => date(text.trim())?.saturating_sub(sent),
            None => (date(text.trim())? + SECOND).saturating_sub(unix_now),
        },
    };
    // Zero counts as no time: the engine's own waits apply then.
    (wait > Duration::ZERO).then_some(wait)
}

/// `2`, `2.128`, `0.249`, `2s`; a fraction of a millisecond counts as a whole one.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.strip_suffix(['s', 'S']).unwrap_or(text).trim_end();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit())
        || whole.is_empty()
    {
        return None;
    }
    // A year is more than anyone waits, and small enough to add to any time.
    const MOST: u64 = 366 * 86_400;
    let whole = whole.parse().unwrap_or(MOST).min(MOST);
    let digits = fraction.bytes().chain(core::iter::repeat(b'0')).take(3);
    let millis = digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let rest = fraction.bytes().skip(3).any(|digit| digit != b'0');
    Some(Duration::from_millis(
        whole * 1000 + millis + u64::from(rest),
    ))
}

fn date(text: &str) -> Option<Duration> {
    let time: SystemTime = httpdate::parse_http_date(text).ok()?;
    time.duration_since(UNIX_EPOCH).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wed, 11 Nov 2026 07:28:00 GMT
    const NOW: Duration = Duration::from_secs(1_794_382_080);

    fn ms(headers: &[(&str, &str)], message: Option<&str>) -> Option<u128> {
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(k, v)| ((*k).into(), (*v).into()))
            .collect();
        wait(&headers, message, NOW).map(|wait| wait.as_millis())
    }

    #[test]
    fn a_clients_headers_are_read_alike() {
        let mut headers = HeaderMap::new();
        let date = "Wed, 11 Nov 2026 07:28:10 GMT".parse().expect("a value");
        headers.insert("retry-after", date);
        let wait = |message| named_wait(&headers, message, UNIX_EPOCH + NOW);
        assert_eq!(wait(None), Some(Duration::from_secs(11)));
        assert_eq!(wait(Some("17")), Some(Duration::from_secs(17)));
    }

    #[test]
    fn whole_seconds_and_decimals_rounded_up() {
        for (text, expected) in [
            ("17", 17_000),
            (" 2.128 ", 2128),
            ("0.249", 249),
            ("0.0001", 1),
            ("1.0000", 1000),
            ("10.5", 10_500),
            ("2, 2", 2000),
            ("1,5", 5000),
            ("3, soon", 3000),
            ("2s", 2000),
            ("2.5 S", 2500),
            ("99999999999999999999999", 366 * 86_400_000),
        ] {
            assert_eq!(ms(&[("rEtRy-AfTeR", text)], None), Some(expected), "{text}");
        }
    }

    #[test]
    fn no_time_named() {
        for text in [
            "", "0", "0.0", "-1", "1e3", "soon", ".5", "s", "2m", ",", "١",
        ] {
            assert_eq!(ms(&[("retry-after", text)], None), None, "{text}");
        }
        assert_eq!(ms(&[], None), None);
    }

    #[test]
    fn a_date_counts_from_the_responses_own_date() {
        let date = ("retry-after", "Wed, 11 Nov 2026 07:28:10 GMT");
        assert_eq!(
            ms(&[date, ("Date", "Wed, 11 Nov 2026 07:28:07 GMT")], None),
            Some(3000)
        );
        assert_eq!(
            ms(&[date], None),
            Some(11_000),
            "our own clock, and a second for the rounding"
        );
        assert_eq!(
            ms(&[date, ("Date", "Wed, 11 Nov 2026 07:28:11 GMT")], None),
            None,
            "already over"
        );
    }

    #[test]
    fn the_longest_of_header_and_message_counts() {
        assert_eq!(ms(&[("retry-after", "2")], Some("3.5")), Some(3500));
        assert_eq!(
            ms(
                &[("retry-after", "4"), ("Retry-After", "1")],
                Some("nonsense")
            ),
            Some(4000)
        );
        assert_eq!(ms(&[], Some("7")), Some(7000));
    }
}
