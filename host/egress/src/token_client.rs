//! The way to identity endpoints.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use intune_sync_identity::Secret;

use crate::{
    client::{ClientError, HttpClient, IDENTITY_HEADER, Limits, ResponseBody, host_of},
    redact::Secrets,
};

/// Sends requests for tokens. No `Authorization` header leaves through it but a [`Proof`], so it cannot carry a token
/// for Graph.
#[derive(Clone)]
pub struct TokenClient(HttpClient);

/// What shows the issuer of a token where the request for it comes from. It is never a token for Graph.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// The token that a pipeline's job is given to request others with.
    JobToken(&'a Secret),
    /// The key that the agent of Azure Arc has put into a file.
    ArcKey(&'a Secret),
}

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
        self.send_any(request, limits).await
    }

    /// Sends a request with a proof of where it comes from.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_with(
        &self,
        proof: Proof<'_>,
        mut request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<ResponseBody>, ClientError> {
        request
            .headers_mut()
            .insert(AUTHORIZATION, proof.authorization());
        self.send_any(request, limits).await
    }

    async fn send_any(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<ResponseBody>, ClientError> {
        let secrets = Secrets::new(secrets_of(&request));
        self.0
            .send(request, limits)
            .await
            .map(|response| secrets.replace(response))
    }
}

impl Proof<'_> {
    fn authorization(self) -> HeaderValue {
        match self {
            Self::JobToken(token) => token.bearer(),
            Self::ArcKey(key) => key.basic(),
        }
    }
}

/// What a request for a token proves itself with: it must not come back in the response, which is shown where it makes
/// no sense.
fn secrets_of(request: &Request<Bytes>) -> Vec<Vec<u8>> {
    let headers = [IDENTITY_HEADER, AUTHORIZATION]
        .into_iter()
        .flat_map(|name| request.headers().get_all(name))
        .map(|value| {
            let value = value.as_bytes();
            value.strip_prefix(b"Basic ").unwrap_or(value).to_vec()
        });
    let form = form_urlencoded::parse(request.body())
        .filter(|(key, _)| key == "client_secret" || key == "client_assertion")
        .map(|(_, value)| value.into_owned().into_bytes());
    headers.chain(form).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Router, http::HeaderMap};
    use http_body_util::BodyExt;

    use super::*;

    /// What a server that repeats the authorization has received, and where it is.
    async fn echo() -> (String, Arc<Mutex<Vec<String>>>) {
        let received = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&received);
        let router = Router::new().fallback(move |headers: HeaderMap| async move {
            let value = headers.get(AUTHORIZATION).map(HeaderValue::to_str);
            let value = value
                .map_or("none", |value| value.expect("ASCII"))
                .to_owned();
            record.lock().expect("no panic").push(value.clone());
            value
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, received)
    }

    #[tokio::test]
    async fn no_authorization_leaves_but_a_proof_which_does_not_come_back() {
        let (url, received) = echo().await;
        let client = TokenClient::direct();
        let secret = Secret::parse("s3cret-of-the-job").expect("a secret");
        let request = || Request::get(&url).body(Bytes::new()).expect("a request");

        let mut refused = request();
        refused.headers_mut().insert(AUTHORIZATION, secret.bearer());
        let error = client.send(refused, Limits::default()).await;
        assert!(matches!(error, Err(ClientError::Other { .. })));
        assert!(received.lock().expect("no panic").is_empty());

        for (proof, scheme) in [
            (Proof::JobToken(&secret), "Bearer"),
            (Proof::ArcKey(&secret), "Basic"),
        ] {
            let response = client.send_with(proof, request(), Limits::default()).await;
            let body = response.expect("a response").into_body().collect().await;
            let body = body.expect("a body").to_bytes();
            let last = received.lock().expect("no panic").pop();
            assert_eq!(last, Some(format!("{scheme} s3cret-of-the-job")));
            assert_eq!(body, format!("{scheme} [token]"));
        }
    }

    /// An error page may repeat the form that it was sent. What is not secret in it may be shown.
    #[tokio::test]
    async fn no_secret_of_a_form_comes_back() {
        let router = Router::new().fallback(|body: String| async { body });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let form = "client_id=the-app-itself&client_secret=s3cret-of-the-app&client_assertion=s3cret-assertion";
        let request = Request::post(&url).body(Bytes::from_static(form.as_bytes()));
        let request = request.expect("a request");
        let response = TokenClient::direct().send(request, Limits::default()).await;
        let body = response.expect("a response").into_body().collect().await;
        let body = body.expect("a body").to_bytes();
        assert_eq!(
            body,
            "client_id=the-app-itself&client_secret=[token]&client_assertion=[token]"
        );
    }
}
