//! A request for a token, before anything sends it.

use crate::Address;

/// A request for a token. It may hold a secret, so there is no `Debug`.
pub struct TokenRequest {
    /// Where it goes.
    pub address: Address,
    /// Name and value of each.
    pub headers: Vec<(&'static str, String)>,
    /// The form to post; `None` for a `GET`.
    pub form: Option<String>,
}

/// The resource of a scope: `https://graph.microsoft.com` of `https://graph.microsoft.com/.default`.
#[must_use]
pub fn resource(scope: &str) -> &str {
    scope.strip_suffix("/.default").unwrap_or(scope)
}
