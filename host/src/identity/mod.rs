//! Where the tokens for Graph come from: the [`TokenSource`]s that need files, processes or the network.

mod azure_cli;
mod client_certificate;
mod entra;
mod environment;
mod exchange;
mod managed_identity;
mod pipeline;
mod secret_file;
mod token_file;

use std::{
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use intune_sync_ids::{Quoted, without_user_info};
use intune_sync_settings::Advice;

pub(crate) use intune_sync_egress::{TokenSource, obtain};
pub(crate) use intune_sync_identity::{AccessToken, Claims, Secret, TokenError};

pub(crate) use self::{
    azure_cli::AzureCli,
    client_certificate::CertificateApp,
    entra::{EntraApp, Federation},
    environment::Environment,
    managed_identity::ManagedIdentity,
    pipeline::{AppFlags, PipelineApp},
    secret_file::SecretFile,
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

/// What a flag says, or else a variable, given by its name and the flag's; `absent` explains that there is neither.
fn or_variable<T: FromStr>(
    given: Option<T>,
    environment: &Environment,
    (name, flag): (&str, &str),
    absent: impl Fn(&str, &str) -> Advice,
) -> Result<T, Advice> {
    if let Some(given) = given {
        return Ok(given);
    }
    let value = environment.get(name).ok_or_else(|| absent(name, flag))?;
    value.parse().map_err(|_| {
        Advice::new(
            format!(
                "`{name}` is `{}`, which is not a valid id",
                Quoted::new(without_user_info(value))
            ),
            format!("correct the variable, or give `{flag}`"),
        )
    })
}
