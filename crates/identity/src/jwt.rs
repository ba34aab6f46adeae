//! What a token says of itself. Nothing is verified: that is for the one who accepts it.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

/// The claims of a token, where it is a JWT.
#[must_use]
pub fn claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = BASE64URL_NOPAD
        .decode(payload.trim_end_matches('=').as_bytes())
        .ok()?;
    serde_json::from_slice(&payload).ok()
}

/// A claim that is a time, in seconds since 1970. RFC 7519 allows a fraction of a second.
#[must_use]
pub fn seconds(claim: &Value) -> Option<i64> {
    claim
        .as_i64()
        .or_else(|| claim.as_f64().map(|seconds| seconds as i64))
}

/// The end of a token in seconds since 1970, where it is a JWT that names one.
#[must_use]
pub fn expires_on(token: &str) -> Option<i64> {
    seconds(claims(token)?.get("exp")?)
}

#[cfg(test)]
pub(super) fn token_with_payload(payload: &str) -> String {
    format!("e30.{}.c2ln", BASE64URL_NOPAD.encode(payload.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_read_from_the_payload() {
        for (payload, expected) in [
            (r#"{"aud":"x","exp":1764000000}"#, Some(1_764_000_000)),
            (r#"{"exp":1764000000.75}"#, Some(1_764_000_000)),
            (r#"{"exp":"1764000000"}"#, None),
            (r#"{"aud":"x"}"#, None),
            ("no json", None),
        ] {
            assert_eq!(
                expires_on(&token_with_payload(payload)),
                expected,
                "{payload}"
            );
        }
        for token in ["opaque", "a.b", "..", "a.*.c"] {
            assert_eq!(expires_on(token), None, "{token}");
        }
    }
}
