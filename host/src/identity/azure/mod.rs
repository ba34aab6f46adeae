//! Tokens by way of `azure_identity`, over a transport of our own.
//!
//! `azure_identity` asks, retries and reads the answer. The [`Courier`] below it carries its requests by the program's
//! own HTTP client, and makes one form out of the many in which answers and refusals come. A credential is made anew
//! for each token: one that is kept answers its old token for as long as that lasts, and there is a cache above
//! already.

pub(super) mod answer;
mod courier;
mod failure;

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Transport};

pub(super) use self::courier::Courier;
pub(super) use self::failure::{Place, Refusal, one_line};
use super::{AccessToken, Secret, TokenError, until};

/// What a credential is made with, so that its requests go through `courier`.
pub(super) fn over(courier: Courier) -> ClientOptions {
    ClientOptions {
        transport: Some(Transport::new(Arc::new(courier))),
        ..ClientOptions::default()
    }
}

/// The token that a new credential gives within `deadline`, all retries included.
///
/// # Errors
/// Why there is none, in the words of `place`.
pub(super) async fn obtain<C: TokenCredential + ?Sized>(
    credential: azure_core::Result<Arc<C>>,
    scope: &str,
    deadline: Duration,
    place: &Place,
) -> Result<AccessToken, TokenError> {
    let credential = credential.map_err(|error| place.explain(&error))?;
    let answer = tokio::time::timeout(deadline, credential.get_token(&[scope], None))
        .await
        .map_err(|_| place.too_slow(deadline))?
        .map_err(|error| place.explain(&error))?;
    let secret = Secret::parse(answer.token.secret()).map_err(|problem| place.unusable(problem))?;
    let lifetime = until(answer.expires_on.unix_timestamp()).unwrap_or_default();
    AccessToken::new(secret, lifetime).map_err(|problem| place.unusable(problem))
}
