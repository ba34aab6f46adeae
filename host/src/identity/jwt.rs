//! What a token says of itself. Nothing is verified: that is for the one who accepts it.

use intune_sync_identity::{claims, seconds};
use serde_json::Value;

/// What a token says of itself and of whom it is for: claims of Microsoft's access tokens, none of them secret.
///
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    /// Whom it is for: Graph's address, or its application id.
    pub(crate) audience: Option<String>,
    /// The tenant.
    pub(crate) tenant: Option<String>,
    /// The object id of who signed in: for an application, that of its service principal.
    pub(crate) object: Option<String>,
    /// The application.
    pub(crate) application: Option<String>,
    /// When it was issued, in seconds since 1970.
    pub(crate) issued: Option<i64>,
    /// When it ends, in seconds since 1970.
    pub(crate) expires: Option<i64>,
    /// The application permissions.
    pub(crate) roles: Vec<String>,
    /// The delegated permissions: there where a user has signed in.
    pub(crate) scopes: Option<Vec<String>>,
}

impl Claims {
    /// Reads them; none where the token is opaque.
    pub(super) fn read(token: &str) -> Option<Self> {
        let payload = claims(token)?;
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

#[cfg(test)]
pub(super) fn token_with_payload(payload: &str) -> String {
    format!("e30.{}.c2ln", azure_core::base64::encode_url_safe(payload))
}

#[cfg(test)]
mod tests {
    use super::*;

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
