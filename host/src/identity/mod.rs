//! Where the tokens for Graph come from: the [`TokenSource`]s that need files, processes or the network.

mod azure_cli;
mod entra;
mod environment;
mod exchange;
mod managed_identity;
mod secret_file;
mod token_file;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use intune_sync_egress::{TokenSource, obtain};
pub(crate) use intune_sync_identity::{AccessToken, Claims, Secret, TokenError};

pub(crate) use self::{
    azure_cli::AzureCli,
    entra::{EntraApp, Federation},
    environment::Environment,
    managed_identity::ManagedIdentity,
    token_file::TokenFile,
};

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
