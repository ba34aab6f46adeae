//! `--auth managed-identity`: the identity that Azure gives to the place where the program runs. No proxy is ever used.

#[cfg(test)]
mod tests;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use intune_sync_egress::{ClientError, Limits, TokenClient};
use intune_sync_identity::{
    self as identity, AccessToken, Naming, Platform, TokenError, UserAssigned,
};
use intune_sync_settings::Advice;

use super::{Environment, TokenSource, exchange::request_token};

/// How long IMDS may take to show that it is there. It is one hop away, or nowhere.
const PROBE: Duration = Duration::from_secs(2);

/// The managed identity of this place.
pub(crate) struct ManagedIdentity {
    identity: identity::ManagedIdentity,
    client: TokenClient,
    /// The endpoint is there, so that it need not be looked for.
    found: AtomicBool,
}

impl ManagedIdentity {
    /// Finds out where tokens come from; requests nothing yet.
    ///
    /// # Errors
    ///
    /// When the environment names a platform that is not supported, or an endpoint that makes no sense.
    pub(crate) fn new(
        environment: &Environment,
        user_assigned: Option<UserAssigned>,
    ) -> Result<Self, Advice> {
        let platform = Platform::discover(|name| environment.get(name), Naming::Flags)?;
        Ok(Self {
            identity: identity::ManagedIdentity {
                platform,
                user_assigned,
            },
            client: TokenClient::direct(),
            found: AtomicBool::new(false),
        })
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        self.probe().await?;
        let request = self.identity.request(scope);
        request_token(&self.client, request, &self.identity.endpoint()).await
    }

    /// Looks whether IMDS is there, once: outside Azure its address does not respond, and a laptop should not wait for
    /// all of the retries that a virtual machine needs.
    async fn probe(&self) -> Result<(), TokenError> {
        if !self.identity.is_imds() || self.found.load(Ordering::Relaxed) {
            return Ok(());
        }
        let request = http::Request::get(self.identity.platform.url())
            .body(Bytes::new())
            .expect("a URL is one");
        let limits = Limits {
            first_byte: PROBE,
            ..Limits::default()
        };
        // Any response will do: without its `Metadata` header IMDS refuses the request. One that closes the connection
        // is there too, and in trouble.
        match self.client.send(request, limits).await {
            Ok(_) | Err(ClientError::Closed { .. }) => {
                self.found.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(not_here(&error)),
        }
    }
}

/// Nothing responds at the address of IMDS.
fn not_here(error: &ClientError) -> TokenError {
    TokenError::denied(
        format!("no managed identity here: {error}"),
        "run it in Azure, where a platform sets `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` or a virtual machine has \
         IMDS; elsewhere use `--auth azure-cli`, `--auth client-secret`, `--auth workload-identity` or \
         `--auth token-file`",
    )
}

impl TokenSource for ManagedIdentity {
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        _renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(self.token(scope))
    }

    fn find(&self) -> BoxFuture<'_, Result<(), TokenError>> {
        Box::pin(self.probe())
    }

    fn describe(&self) -> String {
        self.identity.to_string()
    }
}
