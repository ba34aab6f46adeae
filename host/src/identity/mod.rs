//! Where the tokens for Graph come from, and how they are kept fresh.
//!
//! A [`TokenSource`] obtains one real token; the [`TokenCache`] above it holds the current one, renews it ahead of its
//! end and hands out surrogates, so that the sandboxed engine never sees a real token.

mod azure;
mod azure_cli;
pub(crate) mod cache;
mod entra;
mod environment;
mod managed_identity;
mod secret_file;
mod token_file;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::BoxFuture;
pub(crate) use intune_sync_identity::{
    AccessToken, Authority, Claims, MAX_TOKEN_BYTES, Secret, TenantId, TokenError, TokenErrorKind,
};

pub(crate) use self::azure_cli::AzureCli;
pub(crate) use self::cache::{Surrogate, TokenCache, Unavailable};
pub(crate) use self::entra::{App, EntraApp, Federation};
pub(crate) use self::environment::Environment;
pub(crate) use self::managed_identity::{Assigned, ManagedIdentity};
pub(crate) use self::token_file::TokenFile;

/// A way to obtain a token.
pub(crate) trait TokenSource: Send + Sync {
    /// Obtains a token for `scope` (`https://graph.microsoft.com/.default`). `renew` says that Graph has refused the
    /// last one: nothing that was kept may be returned again.
    ///
    /// # Errors
    ///
    /// `Transient` when a later attempt may succeed, `Denied` when only a change by the user helps.
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>>;

    /// Looks whether it is there at all, without asking for a token.
    ///
    /// # Errors
    ///
    /// When it certainly is not.
    fn find(&self) -> BoxFuture<'_, Result<(), TokenError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What it is, for the user: `managed identity (IMDS)`.
    fn describe(&self) -> String;
}

/// How long until a moment of the wall clock, given in seconds since 1970; `None` when it is over.
fn until(unix_seconds: i64) -> Option<Duration> {
    let at = UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(unix_seconds).ok()?))?;
    at.duration_since(SystemTime::now())
        .ok()
        .filter(|left| !left.is_zero())
}
