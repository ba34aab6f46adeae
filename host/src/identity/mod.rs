//! Where the tokens for Graph come from, and how they are kept fresh.
//!
//! A [`TokenSource`] obtains one real token; the [`TokenCache`] above it holds the current one, renews it ahead of its
//! end and hands out surrogates, so that the sandboxed engine never sees a real token.

mod azure;
mod azure_cli;
pub(crate) mod cache;
mod entra;
mod environment;
mod jwt;
mod managed_identity;
mod secret_file;
mod token_file;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::BoxFuture;
use http::HeaderValue;
pub(crate) use intune_sync_identity::{Authority, TenantId};
use tokio::time::Instant;

pub(crate) use self::azure_cli::AzureCli;
pub(crate) use self::cache::{Surrogate, TokenCache, Unavailable};
pub(crate) use self::entra::{App, EntraApp, Federation};
pub(crate) use self::environment::Environment;
pub(crate) use self::jwt::Claims;
pub(crate) use self::managed_identity::{Assigned, ManagedIdentity};
pub(crate) use self::token_file::TokenFile;

/// The longest token taken, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A way to obtain a token.
pub(crate) trait TokenSource: Send + Sync {
    /// Obtains a token for `scope` (`https://graph.microsoft.com/.default`). `renew` says that Graph has refused the
    /// last one: nothing that was kept may be answered again.
    ///
    /// # Errors
    /// `Transient` when a later attempt may succeed, `Denied` when only a change by the user helps.
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>>;

    /// Looks whether it is there at all, without asking for a token.
    ///
    /// # Errors
    /// When it certainly is not.
    fn find(&self) -> BoxFuture<'_, Result<(), TokenError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What it is, for the user: `managed identity (IMDS)`.
    fn describe(&self) -> String;
}

/// A token and how long it is good for.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    /// The token itself.
    pub(crate) secret: Secret,
    /// When it ends.
    pub(crate) expires: Instant,
}

/// A bearer token: visible ASCII without spaces, 1 to 16,384 bytes. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Takes a token.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins with what holds it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        if text.len() > MAX_TOKEN_BYTES {
            return Err("is longer than 16 KiB");
        }
        if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
            return Err("has a space or a line break in its midst");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("has characters that are not ASCII");
        }
        Ok(Self(text.to_owned()))
    }

    /// What the token says of itself; none where it is opaque.
    pub(crate) fn claims(&self) -> Option<Claims> {
        Claims::read(&self.0)
    }

    /// The value of an `Authorization` header, marked as sensitive.
    pub(crate) fn bearer(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0))
            .expect("visible ASCII is a valid header value");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// Why there is no token. Never holds a token or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct TokenError {
    /// Whether another attempt makes sense.
    pub(crate) kind: TokenErrorKind,
    /// What is wrong, in one sentence without a full stop.
    pub(crate) message: String,
    /// What to do about it, in one sentence without a full stop.
    pub(crate) hint: String,
}

/// Whether another attempt makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenErrorKind {
    /// It may pass by itself.
    Transient,
    /// Only a change by the user helps.
    Denied,
}

impl TokenError {
    fn transient(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind: TokenErrorKind::Transient,
            message: message.into(),
            hint: hint.into(),
        }
    }

    fn denied(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind: TokenErrorKind::Denied,
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// How long until a moment of the wall clock, given in seconds since 1970; none when it is over.
fn until(unix_seconds: i64) -> Option<Duration> {
    let at = UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(unix_seconds).ok()?))?;
    at.duration_since(SystemTime::now())
        .ok()
        .filter(|left| !left.is_zero())
}

/// The longest lifetime believed: Azure's tokens last a day at most.
const MAX_LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);

/// Now plus a lifetime, bounded, so that an absurd one cannot overflow the clock.
fn ends_in(lifetime: Duration) -> Instant {
    Instant::now() + lifetime.min(MAX_LIFETIME)
}
