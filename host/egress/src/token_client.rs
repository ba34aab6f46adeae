//! The way to identity endpoints.

use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};

use crate::{
    client::{ClientError, HttpClient, IDENTITY_HEADER, Limits, ResponseBody, host_of},
    redact::Secrets,
};

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
        let secrets = Secrets::new(secrets_of(&request));
        self.0
            .send(request, limits)
            .await
            .map(|response| secrets.replace(response))
    }
}

/// What a request for a token proves itself with: it must not come back in the response, which is shown where it makes no
/// sense.
fn secrets_of(request: &Request<Bytes>) -> Vec<Vec<u8>> {
    let headers = request
        .headers()
        .get_all(IDENTITY_HEADER)
        .into_iter()
        .map(|value| value.as_bytes().to_vec());
    let form = form_urlencoded::parse(request.body())
        .filter(|(key, _)| key == "client_secret" || key == "client_assertion")
        .map(|(_, value)| value.into_owned().into_bytes());
    headers.chain(form).collect()
}
