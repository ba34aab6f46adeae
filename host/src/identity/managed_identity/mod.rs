//! `--auth managed-identity`: the identity that Azure gives to the place where the program runs.
//!
//! `azure_identity` asks, retries and reads the answer. Where the request goes and what it carries is settled here,
//! from an [`Environment`] taken once at the start, and written by the [`transport`] below it, which goes through no
//! proxy and makes one form out of the many in which the platforms write a token's end.

mod answer;
mod environment;
mod failure;
#[cfg(test)]
mod tests;
mod transport;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions};
use futures::future::BoxFuture;

use self::environment::Endpoint;
pub(crate) use self::environment::{Assigned, Environment};
use self::transport::Courier;
use super::{AccessToken, Secret, TokenError, TokenSource, ends_in, until};
use crate::http_client::{ClientError, HttpClient, Limits};

/// How long a fetch may take, with all its retries: IMDS asks for more than 70 s while it is being updated.
const DEADLINE: Duration = Duration::from_secs(100);

/// How long IMDS may take to show that it is there. It is one hop away, or nowhere.
const PROBE: Duration = Duration::from_secs(2);

/// The managed identity of this place.
pub(crate) struct ManagedIdentity {
    endpoint: Endpoint,
    assigned: Assigned,
    client: Arc<HttpClient>,
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
            client: Arc::new(HttpClient::direct()),
            found: AtomicBool::new(false),
        })
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        self.probe().await?;
        // A new credential each time: one that is kept answers its old token for as long as that lasts, and there is
        // a cache above already.
        let courier = Courier::new(
            Arc::clone(&self.client),
            self.endpoint.clone(),
            self.assigned.clone(),
        );
        let credential = ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
            client_options: ClientOptions {
                transport: Some(Transport::new(Arc::new(courier))),
                ..ClientOptions::default()
            },
            ..ManagedIdentityCredentialOptions::default()
        }))
        .map_err(|error| failure::explain(&error, &self.endpoint))?;
        let answer = tokio::time::timeout(DEADLINE, credential.get_token(&[scope], None))
            .await
            .map_err(|_| failure::too_slow(&self.endpoint, DEADLINE))?
            .map_err(|error| failure::explain(&error, &self.endpoint))?;
        self.found.store(true, Ordering::Relaxed);

        let secret = Secret::parse(answer.token.secret())
            .map_err(|problem| failure::unusable(&self.endpoint, problem))?;
        let lifetime = until(answer.expires_on.unix_timestamp())
            .ok_or_else(|| failure::unusable(&self.endpoint, "has expired already"))?;
        Ok(AccessToken {
            secret,
            expires: ends_in(lifetime),
        })
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
            .body(bytes::Bytes::new())
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
            Err(error) => Err(failure::not_here(&error)),
        }
    }
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
