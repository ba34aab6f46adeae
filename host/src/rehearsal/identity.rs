//! The simulated identity that a rehearsal gets its tokens from.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, StatusCode};
use intune_sync_egress::Limits;
use serde::Deserialize;

use super::Line;
use crate::identity::{AccessToken, Secret, TokenError, TokenErrorKind, TokenSource};

/// The tenant's own identity endpoint, that of App Service. The source that real runs have reads the end of a token as
/// a time of day, which a virtual clock does not have.
pub(super) struct TenantIdentity {
    line: Line,
    /// What `X-IDENTITY-HEADER` holds.
    header: String,
}

/// What is read of an answer; `expires_in` is in seconds, and text.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: String,
}

impl TenantIdentity {
    pub(super) fn new(line: Line, header: String) -> Self {
        Self { line, header }
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let resource = scope.strip_suffix("/.default").unwrap_or(scope);
        let request = Request::get(format!(
            "http://identity/msi/token?api-version=2019-08-01&resource={resource}"
        ))
        .header("x-identity-header", &self.header)
        .body(Bytes::new())
        .map_err(|error| denied(error.to_string()))?;
        let answer = self
            .line
            .call(request, Limits::default())
            .await
            .map_err(|error| failed(TokenErrorKind::Transient, error.to_string()))?;
        match answer.status() {
            StatusCode::OK => {}
            status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                let message = format!("the simulated identity endpoint answered {status}");
                return Err(failed(TokenErrorKind::Transient, message));
            }
            status => {
                return Err(denied(format!(
                    "the simulated identity endpoint answered {status}"
                )));
            }
        }
        let Answer {
            access_token,
            expires_in,
        } = serde_json::from_slice(answer.body()).map_err(|error| denied(error.to_string()))?;
        let lifetime = expires_in
            .parse()
            .map_err(|_| denied(format!("the token's end is `{expires_in}`")))?;
        let secret = Secret::parse(&access_token).map_err(denied)?;
        AccessToken::new(secret, Duration::from_secs(lifetime)).map_err(denied)
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

fn denied(message: impl Into<String>) -> TokenError {
    failed(TokenErrorKind::Denied, message)
}

fn failed(kind: TokenErrorKind, message: impl Into<String>) -> TokenError {
    TokenError {
        kind,
        message: message.into(),
        hint: "look at how the simulated tenant is configured".to_owned(),
    }
}
