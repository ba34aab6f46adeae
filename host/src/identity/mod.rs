//! Where the tokens for Graph come from, and how they are kept fresh.
//!
//! A [`TokenSource`] requests one real token; the [`TokenCache`] above it holds the current one, renews it ahead of its
//! end and hands out surrogates, so that the sandboxed engine never sees a real token.

mod azure_cli;
pub(crate) mod cache;
mod entra;
mod environment;
mod exchange;
mod managed_identity;
mod secret_file;
mod token_file;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::BoxFuture;
pub(crate) use intune_sync_identity::{AccessToken, Claims, Secret, TokenError};
use intune_sync_identity::{Patience, TokenState};
use tokio::time::Instant;

pub(crate) use self::azure_cli::AzureCli;
pub(crate) use self::cache::{Surrogate, TokenCache, Unavailable};
pub(crate) use self::entra::{EntraApp, Federation};
pub(crate) use self::environment::Environment;
pub(crate) use self::exchange::to_http;
pub(crate) use self::managed_identity::ManagedIdentity;
pub(crate) use self::token_file::TokenFile;

/// A way to obtain a token.
pub(crate) trait TokenSource: Send + Sync {
    /// Requests a token for `scope` (`https://graph.microsoft.com/.default`), once. `renew` says that Graph has refused
    /// the last one: nothing that was kept may be returned again.
    ///
    /// # Errors
    ///
    /// Why there is none. Its kind says whether another attempt makes sense.
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>>;

    /// Looks whether it is there at all, without requesting a token.
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

/// Obtains one token, for a command that needs no more than one. Failures that may pass soon are retried, as at the
/// start of a run.
///
/// # Errors
///
/// Why there is none.
pub(crate) async fn obtain(
    source: &dyn TokenSource,
    scope: &str,
) -> Result<AccessToken, TokenError> {
    let start = Instant::now();
    let mut state = TokenState::new(Patience::START);
    loop {
        if let Some(fetch) = state.poll_fetch(start.elapsed()) {
            let result = source.fetch(scope, fetch.renews).await;
            if result.is_ok() {
                return result;
            }
            state.handle_response(fetch, result, start.elapsed());
        }
        if let Some(error) = state.denial() {
            return Err(error.clone());
        }
        if let Some(due) = state.next_fetch() {
            tokio::time::sleep_until(start + due).await;
        }
    }
}

/// The wall clock, in seconds since 1970.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs().cast_signed())
}

/// How long until a moment of the wall clock, given in seconds since 1970; nothing when it is over.
fn until(unix_seconds: i64) -> Duration {
    let left = unix_seconds.saturating_sub(now());
    Duration::from_secs(u64::try_from(left).unwrap_or_default())
}
