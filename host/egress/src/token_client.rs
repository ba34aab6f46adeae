//! The way to identity endpoints.

use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};

use crate::client::{ClientError, HttpClient, Limits, ResponseBody, host_of};

/// Sends requests for tokens. No `Authorization` header leaves through it, so it cannot carry a token for Graph.
#[derive(Clone)]
pub struct TokenClient(HttpClient);

impl TokenClient {
    /// Sends through the system's proxy where one is set: for Entra ID.
    pub fn new(client: HttpClient) -> Self {
        Self(client)
    }

    /// Never uses a proxy, whatever the environment says: for the endpoint of a managed identity.
    pub fn direct() -> Self {
        Self(HttpClient::direct())
    }

    /// Sends a request, and returns once the head of the response is there; the body follows as it is read.
    ///
    /// # Errors
    ///
    /// When the request has an `Authorization` header, which is not sent, or there is no response within `limits`.
    pub async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<ResponseBody>, ClientError> {
        if request.headers().contains_key(AUTHORIZATION) {
            return Err(ClientError::Other {
                host: host_of(request.uri()),
                reason: "a request for a token carries none".to_owned(),
            });
        }
        self.0.send(request, limits).await
    }
}
