//! What a token says about itself. Nothing is verified: that is up to the service that accepts the token.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

/// What a token says about itself: claims of Microsoft's access tokens, none of them secret.
///
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Whom the token is for: Graph's address, or its application id.
    pub audience: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The object id of the account that signed in: for an application, that of its service principal.
    pub object: Option<String>,
    /// The application.
    pub application: Option<String>,
    /// When it was issued, in seconds since 1970.
    pub issued: Option<i64>,
    /// When it ends, in seconds since 1970.
    pub expires: Option<i64>,
    /// The application permissions.
    pub roles: Vec<String>,
    /// The delegated permissions, if a user has signed in.
    pub scopes: Option<Vec<String>>,
}

impl Claims {
    /// Who it was issued to: the application, or else the account.
    #[must_use]
    pub fn who(&self) -> Option<&str> {
        self.application.as_deref().or(self.object.as_deref())
    }

    /// Reads them; `None` where the token is opaque.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        let payload = BASE64URL_NOPAD
            .decode(payload.trim_end_matches('=').as_bytes())
            .ok()?;
        let payload: Map<String, Value> = serde_json::from_slice(&payload).ok()?;
        let text = |name: &str| payload.get(name)?.as_str().map(str::to_owned);
        let time = |name: &str| seconds(payload.get(name)?);
        let roles = payload.get("roles").and_then(Value::as_array);
        Some(Self {
            audience: text("aud"),
            tenant: text("tid"),
            object: text("oid"),
            application: text("appid").or_else(|| text("azp")),
            issued: time("iat").or_else(|| time("nbf")),
            expires: time("exp"),
            roles: roles
                .into_iter()
                .flatten()
                .filter_map(|role| role.as_str().map(str::to_owned))
                .collect(),
            scopes: text("scp")
                .map(|scopes| scopes.split_whitespace().map(str::to_owned).collect()),
        })
    }
}

/// A number of seconds. RFC 7519 allows a fraction, which is cut off.
pub(crate) fn seconds(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

#[cfg(test)]
pub(super) fn token_with_payload(payload: &str) -> String {
    format!("e30.{}.c2ln", BASE64URL_NOPAD.encode(payload.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expires_on(token: &str) -> Option<i64> {
        Claims::read(token)?.expires
    }

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

    #[test]
    fn claims_are_read_whatever_is_missing_or_of_another_kind() {
        let read = |payload: &str| Claims::read(&token_with_payload(payload));
        assert_eq!(
            read(
                r#"{"aud":"https://graph.microsoft.com","tid":"t","oid":"o","appid":"a","iat":1,"nbf":2,"exp":3.5,
                    "roles":["A",7,"B"]}"#
            ),
            Some(Claims {
                audience: Some("https://graph.microsoft.com".into()),
                tenant: Some("t".into()),
                object: Some("o".into()),
                application: Some("a".into()),
                issued: Some(1),
                expires: Some(3),
                roles: vec!["A".into(), "B".into()],
                scopes: None,
            })
        );
        let delegated =
            read(r#"{"aud":7,"azp":"a","nbf":2,"scp":"User.Read  openid","roles":"A"}"#);
        assert_eq!(
            delegated,
            Some(Claims {
                application: Some("a".into()),
                issued: Some(2),
                scopes: Some(vec!["User.Read".into(), "openid".into()]),
                ..Claims::default()
            })
        );
        assert_eq!(read("{}"), Some(Claims::default()));
        for token in ["opaque", "a.b", "..", "a.*.c", "e30.W10.c"] {
            assert_eq!(Claims::read(token), None, "{token}");
        }
    }
}
