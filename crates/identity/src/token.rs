//! A token once it has been read, and why there is none.

use core::{fmt, time::Duration};

use http::HeaderValue;
use intune_sync_settings::Advice;

use crate::Claims;

/// The longest token taken, in bytes: what the WIT allows.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The longest lifetime believed: Azure's tokens last a day at most. An absurd one cannot overflow a clock.
const MAX_LIFETIME: Duration = Duration::from_hours(48);

/// A secret text such as a bearer token: visible ASCII without spaces, 1 to 16,384 bytes. Neither `Debug` nor `Display`
/// shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as the end of a sentence that begins with what holds it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        if text.len() > MAX_TOKEN_BYTES {
            return Err("is longer than 16 KiB");
        }
        if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
            return Err("contains a space or line break");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("contains characters that are not visible ASCII");
        }
        Ok(Self(text.to_owned()))
    }

    /// The secret itself, for whatever sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the token says about itself; `None` where it is opaque.
    #[must_use]
    pub fn claims(&self) -> Option<Claims> {
        Claims::read(&self.0)
    }

    /// The value of an `Authorization` header with it as a bearer token, marked as sensitive.
    #[must_use]
    pub fn bearer(&self) -> HeaderValue {
        self.authorization("Bearer")
    }

    /// The value of an `Authorization` header of the scheme `Basic` with it as it is, marked as sensitive.
    #[must_use]
    pub fn basic(&self) -> HeaderValue {
        self.authorization("Basic")
    }

    fn authorization(&self, scheme: &str) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("{scheme} {}", self.0))
            .expect("visible ASCII is a valid header value");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A token that has just been obtained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token itself.
    pub secret: Secret,
    lifetime: Duration,
}

impl AccessToken {
    /// A token that ends in `lifetime`; at most two days are believed.
    ///
    /// # Errors
    ///
    /// When it has no life left, as the end of a sentence that begins with the token.
    pub fn new(secret: Secret, lifetime: Duration) -> Result<Self, &'static str> {
        match lifetime.is_zero() {
            true => Err("has expired already"),
            false => Ok(Self {
                secret,
                lifetime: lifetime.min(MAX_LIFETIME),
            }),
        }
    }

    /// How long it is good for, counted from when it was obtained.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

/// Why there is no token. Never holds a token or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TokenError {
    /// Whether another attempt makes sense, and when.
    pub kind: TokenErrorKind,
    /// The wait that the endpoint requests.
    pub retry_after: Option<Duration>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it, in one sentence without a full stop.
    pub hint: String,
}

impl From<TokenError> for Advice {
    fn from(TokenError { message, hint, .. }: TokenError) -> Self {
        Self { message, hint }
    }
}

/// Whether another attempt makes sense, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenErrorKind {
    /// Only a change by the user helps.
    Denied,
    /// It may pass, but hardly within a minute: a response that makes no sense, a clock that is wrong.
    Transient,
    /// The endpoint is throttling, failing or being updated.
    Busy,
    /// There was no response.
    NoResponse,
}

impl TokenError {
    /// A failure of this kind.
    pub fn new(kind: TokenErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind,
            retry_after: None,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// A failure that may pass, but hardly within a minute.
    pub fn transient(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(TokenErrorKind::Transient, message, hint)
    }

    /// A failure that only a change by the user ends.
    pub fn denied(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(TokenErrorKind::Denied, message, hint)
    }
}

impl From<Advice> for TokenError {
    /// What is wrong before anything is requested: only the user can change it.
    fn from(Advice { message, hint }: Advice) -> Self {
        Self::denied(message, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visible_ascii_of_bounded_length_is_a_secret() {
        for (text, problem) in [
            (String::new(), "is empty"),
            ("a b".to_owned(), "contains a space or line break"),
            ("a\nb".to_owned(), "contains a space or line break"),
            (
                "a\u{e4}".to_owned(),
                "contains characters that are not visible ASCII",
            ),
            (
                "a\0b".to_owned(),
                "contains characters that are not visible ASCII",
            ),
            ("a".repeat(MAX_TOKEN_BYTES + 1), "is longer than 16 KiB"),
        ] {
            assert_eq!(Secret::parse(&text), Err(problem), "{text:?}");
        }
        let secret = Secret::parse("abc").expect("a secret");
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(format!("{:?}", secret.bearer()), "Sensitive");
    }

    #[test]
    fn a_lifetime_is_bounded() {
        let secret = Secret::parse("abc").expect("a secret");
        let expired = AccessToken::new(secret.clone(), Duration::ZERO);
        assert_eq!(expired, Err("has expired already"));
        let lifetime = AccessToken::new(secret, Duration::MAX).map(|token| token.lifetime());
        assert_eq!(lifetime, Ok(MAX_LIFETIME));
    }
}
