//! The response to a request for a token, in each of its many forms.

use core::time::Duration;

use intune_sync_ids::without_bom;
use jiff::{Timestamp, civil::DateTime, fmt::strtime};
use serde::Deserialize;
use serde_json::Value;

use crate::{AccessToken, Claims, Secret, claims};

/// Why a response gives no token, as the end of a sentence. Never quotes the response, since it may hold one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// There is no token with an end in it.
    NoToken(&'static str),
    /// The token cannot be used.
    Unusable(&'static str),
    /// The token has no life left.
    Over(&'static str),
}

const NOT_JSON: Unreadable = Unreadable::NoToken("its response is not a JSON object");
const NO_TOKEN: Unreadable = Unreadable::NoToken("its response has no `access_token`");
const NO_END: Unreadable = Unreadable::NoToken(
    "its response does not say when the token ends (`expires_on`, `expires_in`)",
);

/// Reads a token response. `now` is in seconds since 1970; without it only a lifetime (`expires_in`) counts.
///
/// `expires_on` comes as a string of seconds, as a number, or as the text of a date, depending on the platform and its
/// version; some responses have only `expires_in`; a token that is a JWT names its own end in the worst case.
/// The Azure CLI writes `accessToken`, and had no `expires_on` before its version 2.54.
///
/// # Errors
///
/// When there is no usable token in it, or no end.
pub(crate) fn read(body: &[u8], now: Option<i64>) -> Result<AccessToken, Unreadable> {
    #[derive(Deserialize)]
    struct Fields {
        #[serde(alias = "accessToken")]
        access_token: Option<String>,
        #[serde(default)]
        expires_on: Value,
        #[serde(default)]
        expires_in: Value,
    }

    let response: Fields = serde_json::from_slice(without_bom(body)).map_err(|_| NOT_JSON)?;
    let token = response.access_token.ok_or(NO_TOKEN)?;
    let lifetime = seconds(&response.expires_in);
    let left = match now {
        None => lifetime,
        Some(now) => seconds(&response.expires_on)
            .or_else(|| response.expires_on.as_str().and_then(date))
            .map(|end| end.saturating_sub(now))
            .or(lifetime)
            .or_else(|| Some(Claims::read(&token)?.expires?.saturating_sub(now))),
    };
    let left = u64::try_from(left.ok_or(NO_END)?).unwrap_or_default();
    let secret = Secret::parse(&token).map_err(Unreadable::Unusable)?;
    AccessToken::new(secret, Duration::from_secs(left)).map_err(Unreadable::Over)
}

/// A number of seconds, as a number or as text, a fraction cut off.
fn seconds(value: &Value) -> Option<i64> {
    let text = || value.as_str()?.trim().parse::<f64>().ok();
    claims::seconds(value).or_else(|| Some(text()? as i64))
}

/// A date, in seconds since 1970: `2026-11-23T04:05:06Z`, `11/23/2026 04:05:06 AM +00:00`. Without an offset it is UTC.
fn date(text: &str) -> Option<i64> {
    const AMERICAN: [&str; 2] = ["%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S"];

    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_second());
    }
    AMERICAN.iter().find_map(|form| {
        let at =
            strtime::parse(format!("{form} %:z"), text).and_then(|parsed| parsed.to_timestamp());
        let utc = || {
            DateTime::strptime(form, text)?
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map(|at| at.timestamp())
        };
        at.or_else(|_| utc()).ok().map(Timestamp::as_second)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_406_000;

    fn left(body: &str) -> Result<u64, Unreadable> {
        read(body.as_bytes(), Some(NOW)).map(|token| token.lifetime().as_secs())
    }

    #[test]
    fn every_form_of_the_end_becomes_one() {
        for form in [
            r#""expires_on":"1795406706""#,
            r#""expires_on":1795406706"#,
            r#""expires_on":1795406706.9"#,
            r#""expires_on":"2026-11-23T04:05:06Z""#,
            r#""expires_on":"2026-11-23T05:05:06.000+01:00""#,
            r#""expires_on":"11/23/2026 04:05:06 AM +00:00""#,
            r#""expires_on":"11/23/2026 04:05:06 +00:00""#,
            r#""expires_on":"11/23/2026 4:05:06 AM""#,
            r#""expires_in":706"#,
            r#""expires_in":"706""#,
            r#""expires_on":"soon","expires_in":"706""#,
            r#""expires_on":null,"expires_in":706"#,
            r#""expires_on":"1795406706","expires_in":5,"resource":7,"token_type":"bearer""#,
        ] {
            for name in ["access_token", "accessToken"] {
                for mark in ["", "\u{feff}"] {
                    let body = format!(r#"{mark}{{"{name}":"abc",{form}}}"#);
                    assert_eq!(left(&body), Ok(706), "{form}");
                }
            }
        }
        let token = claims::token_with_payload(r#"{"exp":1795406706}"#);
        assert_eq!(left(&format!(r#"{{"access_token":"{token}"}}"#)), Ok(706));
        let body = r#"{"access_token":"abc","expires_on":"1795406706","expires_in":"5"}"#;
        let without_clock = read(body.as_bytes(), None).map(|token| token.lifetime());
        assert_eq!(without_clock, Ok(Duration::from_secs(5)));
    }

    #[test]
    fn what_is_wrong_is_reported_without_quoting_the_response() {
        for (body, error) in [
            ("<html>", NOT_JSON),
            ("", NOT_JSON),
            ("[]", NOT_JSON),
            (r#"{"access_token":7}"#, NOT_JSON),
            (r#"{"token":"abc"}"#, NO_TOKEN),
            (r#"{"access_token":"abc"}"#, NO_END),
            (r#"{"access_token":"abc","expires_on":"soon"}"#, NO_END),
        ] {
            assert_eq!(left(body), Err(error), "{body}");
            assert!(!format!("{error:?}").contains("abc"));
        }
    }
}
