//! The identity endpoint of a simulated tenant.

use futures::future::BoxFuture;
use intune_sync_egress::{Limits, TokenSource};
use intune_sync_identity::{AccessToken, ManagedIdentity, Naming, Platform, TokenError};

use crate::channel::Channel;

/// The tenant's identity endpoint, that of App Service. It reads the end of a token as a lifetime, since a time of day
/// means nothing on a virtual clock.
pub(super) struct TenantIdentity {
    channel: Channel,
    identity: ManagedIdentity,
}

impl TenantIdentity {
    /// `header` is what `X-IDENTITY-HEADER` holds.
    pub(super) fn new(channel: Channel, header: &str) -> Self {
        let variable = |name: &str| match name {
            "IDENTITY_ENDPOINT" => Some("http://localhost/msi/token"),
            "IDENTITY_HEADER" => Some(header),
            _ => None,
        };
        let identity = ManagedIdentity {
            platform: Platform::discover(variable, Naming::Flags)
                .expect("the simulated tenant's endpoint and header are good"),
            user_assigned: None,
        };
        Self { channel, identity }
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let endpoint = self.identity.endpoint();
        let request = self.identity.request(scope).map(|form| form.0.into());
        let response = self.channel.call(request, Limits::default()).await;
        let response =
            response.map_err(|error| endpoint.no_response(&error.to_string(), error.hint()))?;
        endpoint.handle_response(&response, None)
    }
}

impl TokenSource for TenantIdentity {
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        _renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(self.token(scope))
    }

    fn describe(&self) -> String {
        "the simulated tenant".to_owned()
    }
}
