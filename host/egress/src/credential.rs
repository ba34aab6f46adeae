//! Credentials: what becomes the `Authorization` of an admitted request.

use http::HeaderValue;

/// Puts the token on a request. `T` is what the request presents instead of it.
pub trait Credential<T>: Send + Sync {
    /// The value of `Authorization`; `None` for a request without one.
    ///
    /// # Errors
    ///
    /// If what was presented does not name a token.
    fn authorization(&self, presented: &T) -> Result<Option<HeaderValue>, UnknownToken>;
}

/// What was presented does not name a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token that is not of this run")]
pub struct UnknownToken;

/// No token: Graph refuses each request, which shows that it can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anonymous;

impl Credential<()> for Anonymous {
    fn authorization(&self, (): &()) -> Result<Option<HeaderValue>, UnknownToken> {
        Ok(None)
    }
}

/// One real token for all requests. There is no way to get it out again.
pub struct Bearer(HeaderValue);

impl Bearer {
    /// Takes the value of an `Authorization` header.
    pub fn new(mut authorization: HeaderValue) -> Self {
        authorization.set_sensitive(true);
        Self(authorization)
    }
}

impl Credential<()> for Bearer {
    fn authorization(&self, (): &()) -> Result<Option<HeaderValue>, UnknownToken> {
        Ok(Some(self.0.clone()))
    }
}
