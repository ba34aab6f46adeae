//! One request to an identity endpoint, over the program's HTTP client.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt;
use intune_sync_egress::{ClientError, Limits, Proof, TokenClient};
use intune_sync_identity::{AccessToken, Endpoint, TokenError, TokenErrorKind, TokenRequest};

use super::now;

/// A token response has a few kilobytes.
const LIMITS: Limits = Limits {
    first_byte: Duration::from_secs(30),
    between_bytes: Duration::from_secs(10),
    body: 256 << 10,
};

/// Sends a request and reads the response. It does not retry.
///
/// # Errors
///
/// Why there is no token, in the words of `endpoint`.
pub(super) async fn request_token(
    client: &TokenClient,
    request: TokenRequest,
    endpoint: &Endpoint,
) -> Result<AccessToken, TokenError> {
    let response = exchange(client, None, request, endpoint).await?;
    endpoint.handle_response(&response, Some(now()))
}

/// Sends a request, with a proof of where it comes from if there is one, and waits for the whole response.
///
/// # Errors
///
/// Why there is none, in the words of `endpoint`.
pub(super) async fn exchange(
    client: &TokenClient,
    proof: Option<Proof<'_>>,
    request: TokenRequest,
    endpoint: &Endpoint,
) -> Result<Response<Bytes>, TokenError> {
    let no_response = |error: ClientError| {
        let failed = endpoint.no_response(&error.to_string(), error.hint());
        match error {
            // It is there, and it is something else.
            ClientError::TooLarge { .. } | ClientError::Headers { .. } => TokenError::transient(
                format!("no token from {}: {error}", endpoint.name),
                endpoint.unreadable,
            ),
            // No certificate becomes good within seconds.
            ClientError::Tls { .. } => TokenError {
                kind: TokenErrorKind::Transient,
                ..failed
            },
            _ => failed,
        }
    };
    let request = request.map(|form| form.0.into());
    let response = match proof {
        Some(proof) => client.send_with(proof, request, LIMITS).await,
        None => client.send(request, LIMITS).await,
    };
    let (head, body) = response.map_err(no_response)?.into_parts();
    let body = body.collect().await.map_err(no_response)?.to_bytes();
    Ok(Response::from_parts(head, body))
}
