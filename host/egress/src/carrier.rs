//! What carries an admitted request: the HTTP client, or a tenant in this process.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};

use crate::client::{ClientError, HttpClient, Limits, ResponseBody};

/// Carries admitted requests. Only this crate can put one in.
#[derive(Clone)]
pub struct Carrier(Kind);

#[derive(Clone)]
enum Kind {
    Http(HttpClient),
    Other(Arc<dyn Transport>),
}

/// Another carrier than the HTTP client: a simulated tenant.
///
/// The HTTP client does not implement it, since anyone who holds a transport can send with it.
pub trait Transport: Send + Sync {
    /// Takes a request, with its real token, and returns the response.
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>>;
}

impl Carrier {
    /// Carries requests by `transport` instead of the HTTP client.
    pub fn other(transport: impl Transport + 'static) -> Self {
        Self(Kind::Other(Arc::new(transport)))
    }

    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<ResponseBody>, ClientError> {
        match &self.0 {
            Kind::Http(client) => client.send(request, limits).await,
            Kind::Other(transport) => transport.send(request, limits).await,
        }
    }
}

impl From<HttpClient> for Carrier {
    fn from(client: HttpClient) -> Self {
        Self(Kind::Http(client))
    }
}
