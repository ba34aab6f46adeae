//! `--auth managed-identity`: the identity that Azure gives to the place where the program runs.
//!
//! Where the request goes and what it carries is settled here, from an [`Environment`] taken once at the start.
//! `azure_identity` would find the endpoint in the process's environment for itself, but takes no resource id in App
//! Service, and IMDS at one address only. No proxy is ever used.

mod endpoint;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use azure_core::http::Request;
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions};
use bytes::Bytes;
use futures::future::BoxFuture;

pub(crate) use self::endpoint::Assigned;
use self::endpoint::Endpoint;
use super::azure::{self, Courier, Place};
use super::{AccessToken, Environment, TokenError, TokenSource};
use intune_sync_egress::{ClientError, Limits, TokenClient};

/// How long a fetch may take, with all its retries: IMDS asks for more than 70 s while it is being updated.
const DEADLINE: Duration = Duration::from_secs(100);

/// How long IMDS may take to show that it is there. It is one hop away, or nowhere.
const PROBE: Duration = Duration::from_secs(2);

const TRY_LATER: &str = "try again later; if it lasts, restart the place it runs in";

/// The managed identity of this place.
pub(crate) struct ManagedIdentity {
    endpoint: Endpoint,
    assigned: Assigned,
    client: TokenClient,
    /// The endpoint has answered before, so that it need not be looked for.
    found: AtomicBool,
}

impl ManagedIdentity {
    /// Finds out where tokens are to be had; asks nobody yet.
    ///
    /// # Errors
    /// When the environment names a platform that is not supported, or an endpoint that makes no sense.
    pub(crate) fn new(environment: &Environment, assigned: Assigned) -> Result<Self, TokenError> {
        Ok(Self {
            endpoint: Endpoint::discover(environment)?,
            assigned,
            client: TokenClient::direct(),
            found: AtomicBool::new(false),
        })
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        self.probe().await?;
        let (endpoint, assigned) = (self.endpoint.clone(), self.assigned.clone());
        let write = move |request: &Request| endpoint.request(&resource(request), &assigned);
        let courier = Courier::new(self.client.clone(), Box::new(write));
        let credential = ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
            client_options: azure::over(courier),
            ..ManagedIdentityCredentialOptions::default()
        }));
        let token = azure::obtain(credential, scope, DEADLINE, &self.place()).await?;
        self.found.store(true, Ordering::Relaxed);
        Ok(token)
    }

    /// Looks whether IMDS is there, once: outside Azure its address answers nobody, and a laptop should not wait for
    /// all of the retries that a virtual machine needs.
    async fn probe(&self) -> Result<(), TokenError> {
        let Endpoint::Imds { url } = &self.endpoint else {
            return Ok(());
        };
        if self.found.load(Ordering::Relaxed) {
            return Ok(());
        }
        let request = http::Request::get(url.as_str())
            .body(Bytes::new())
            .expect("a URL is a URI");
        let limits = Limits {
            first_byte: PROBE,
            ..Limits::default()
        };
        // Any answer will do: without its `Metadata` header IMDS refuses the request.
        match self.client.send(request, limits).await {
            Ok(_) => Ok(()),
            // Something is there and in trouble.
            Err(ClientError::Closed { .. }) => Ok(()),
            Err(error) => Err(not_here(&error)),
        }
    }

    fn place(&self) -> Place {
        Place {
            name: format!(
                "the managed identity endpoint `{}` ({})",
                self.endpoint.address(),
                self.endpoint.name()
            ),
            in_trouble: TRY_LATER,
            unreached: |_| TRY_LATER,
            unreadable: "check that `IDENTITY_ENDPOINT` is as the platform has set it",
            refused: |_| {
                "assign a managed identity to the place this runs in; name a user-assigned one with `--client-id`, \
                 `--object-id` or `--resource-id`"
            },
        }
    }
}

/// Of the request that `azure_identity` has written only the resource is used.
fn resource(request: &Request) -> String {
    let mut pairs = request.url().query_pairs();
    pairs
        .find(|(name, _)| name == "resource")
        .map(|(_, resource)| resource.into_owned())
        .unwrap_or_default()
}

/// Nothing answers at the address of IMDS.
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
        format!("managed identity ({})", self.endpoint.name())
    }
}
