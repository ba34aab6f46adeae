//! `--auth managed-identity`: the identity that Azure gives to the place where the program runs. No proxy is ever used.

mod key_folder;
#[cfg(test)]
mod tests;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use intune_sync_egress::{ClientError, Limits, Proof, TokenClient};
use intune_sync_identity::{
    self as identity, AccessToken, IMDS_HOST, Naming, Platform, TokenError, UserAssigned,
};
use intune_sync_settings::Advice;

use self::key_folder::{KeyFolder, agent_is_installed};
use super::{
    Environment, TokenSource,
    exchange::{exchange, request_token},
    now,
};

/// How long IMDS may take to show that it is there. It is one hop away, or nowhere.
const PROBE: Duration = Duration::from_secs(2);

/// The managed identity of this place.
pub(crate) struct ManagedIdentity {
    identity: identity::ManagedIdentity,
    client: TokenClient,
    /// Where Azure Arc keeps its keys.
    keys: KeyFolder,
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
        let mut platform = Platform::discover(|name| environment.get(name), Naming::Flags)?;
        let is_imds = matches!(platform, Platform::Imds { .. });
        if is_imds && environment.get(IMDS_HOST).is_none() && agent_is_installed() {
            platform = Platform::arc_agent();
        }
        if let (Platform::AzureArc { .. }, Some(_)) = (&platform, &user_assigned) {
            return Err(Advice::new(
                "a server of Azure Arc has no user-assigned identity",
                "leave `--client-id`, `--object-id` and `--resource-id` out",
            ));
        }
        let identity = identity::ManagedIdentity {
            platform,
            user_assigned,
        };
        Ok(Self::with_keys_in(KeyFolder::of_agent(), identity))
    }

    fn with_keys_in(keys: KeyFolder, identity: identity::ManagedIdentity) -> Self {
        Self {
            identity,
            client: TokenClient::direct(),
            keys,
            found: AtomicBool::new(false),
        }
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        self.probe().await?;
        let Self {
            identity, client, ..
        } = self;
        let endpoint = identity.endpoint();
        if !matches!(identity.platform, Platform::AzureArc { .. }) {
            return request_token(client, identity.request(scope), &endpoint).await;
        }
        // The first request goes without a key, and its response names the file with one.
        let response = exchange(client, None, identity.request(scope), &endpoint).await?;
        let Some(named) = identity.challenge(&response) else {
            return endpoint.handle_response(&response, Some(now()));
        };
        let key = self.keys.read(named)?;
        let proof = Some(Proof::ArcKey(&key));
        let response = exchange(client, proof, identity.request(scope), &endpoint).await?;
        endpoint.handle_response(&response, Some(now()))
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
         IMDS; elsewhere use `--auth azure-cli`, `--auth client-certificate`, `--auth client-secret`, \
         `--auth workload-identity` or `--auth token-file`",
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
