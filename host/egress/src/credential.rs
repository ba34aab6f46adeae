//! Credentials: what becomes the `Authorization` of an admitted request.

use http::HeaderValue;

use crate::redact::Secrets;

/// Puts the token on a request. `T` is what the request presents instead of it.
pub trait Credential<T>: Send + Sync {
    /// What goes into `Authorization`; `None` for a request without one.
    ///
    /// # Errors
    ///
    /// If what was presented does not name a token.
    fn authorization(&self, presented: &T) -> Result<Option<Authorization>, UnknownToken>;
}

/// The value of `Authorization`, with what it takes to find it in a response. That is prepared once for a token: it
/// takes longer than all else that is done for a response. Clones share it.
#[derive(Clone)]
pub struct Authorization {
    value: HeaderValue,
    secrets: Secrets,
}

impl Authorization {
    /// Takes the value of an `Authorization` header.
    #[must_use]
    pub fn new(mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        Self {
            secrets: Secrets::new([value.as_bytes()]),
            value,
        }
    }

    /// For the request, and for its response.
    pub(crate) fn into_parts(self) -> (HeaderValue, Secrets) {
        (self.value, self.secrets)
    }
}

/// What was presented does not name a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token that is not of this run")]
pub struct UnknownToken;

/// No token: Graph refuses each request, which shows that it can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anonymous;

impl Credential<()> for Anonymous {
    fn authorization(&self, (): &()) -> Result<Option<Authorization>, UnknownToken> {
        Ok(None)
    }
}

/// One real token for all requests. There is no way to get it out again.
pub struct Bearer(Authorization);

impl Bearer {
    /// Takes the value of an `Authorization` header.
    pub fn new(authorization: HeaderValue) -> Self {
        Self(Authorization::new(authorization))
    }
}

impl Credential<()> for Bearer {
    fn authorization(&self, (): &()) -> Result<Option<Authorization>, UnknownToken> {
        Ok(Some(self.0.clone()))
    }
}
