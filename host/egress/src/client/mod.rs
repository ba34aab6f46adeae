//! The program's only HTTP client: pooled connections, rustls, HTTP/2 where the server supports it.
//!
//! It only carries. It follows no redirect, keeps no cookie, sends no referer and retries nothing that a server may
//! have seen: the caller decides what a response means. Requests to a loopback address never go through a proxy; others
//! go through the system's (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`).

mod body;
mod ca_file;
mod encoding;
mod error;
mod pool;
mod proxy;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};
use http_body::Frame;
use http_body_util::{BodyExt, combinators::BoxBody};
use tokio::time::Instant;

pub use self::{error::ClientError, proxy::proxy_for};

use self::{body::WatchedBody, pool::Pool, proxy::Proxies};

/// What proves to an identity endpoint that a request comes from this machine.
pub(crate) const IDENTITY_HEADER: HeaderName = HeaderName::from_static("x-identity-header");

/// How long a connection may take to be made, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a response may take in all, the time that its reader takes not counted.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(120);

/// The body of a response: ends in an error when it is too large, stalls or breaks.
pub type ResponseBody = BoxBody<Bytes, ClientError>;

/// What polling a [`ResponseBody`] gives.
pub(crate) type PolledFrame = Poll<Option<Result<Frame<Bytes>, ClientError>>>;

/// How a client is set up.
#[derive(Debug, Clone, Default)]
pub struct ClientOptions {
    /// A file of certificates (PEM) to trust in addition to the system's.
    pub ca_file: Option<PathBuf>,
}

/// How long one request may take, and how large its response may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the start until the head of the response, connecting included.
    pub first_byte: Duration,
    /// Between two pieces of the response's body.
    pub between_bytes: Duration,
    /// Bytes of the response's body, after decompression.
    pub body: u64,
}

/// How long one request may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// From the start until the head of the response, connecting included.
    pub first_byte: Duration,
    /// Between two pieces of the response's body.
    pub between_bytes: Duration,
}

impl Timeouts {
    /// The same timeouts, with a limit on the bytes of the response's body.
    pub const fn with_body(self, bytes: usize) -> Limits {
        Limits {
            first_byte: self.first_byte,
            between_bytes: self.between_bytes,
            body: bytes as u64,
        }
    }
}

impl Default for Timeouts {
    /// 60 s to the head, 60 s between two pieces.
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(60),
            between_bytes: Duration::from_secs(60),
        }
    }
}

impl Default for Limits {
    /// The default timeouts, and 32 MiB.
    fn default() -> Self {
        Timeouts::default().with_body(32 << 20)
    }
}

/// A pooled HTTP client. Clones share its connections.
#[derive(Clone)]
pub struct HttpClient {
    /// Connections without a proxy.
    direct: Arc<Pool>,
    /// Connections through the system's proxy, where it has one; `None` for a client that never uses one.
    outward: Option<Arc<Pool>>,
}

impl HttpClient {
    /// A client that goes through the system's proxy where one is set.
    ///
    /// # Errors
    ///
    /// When the CA file cannot be read or holds anything but certificates, or a variable that names a proxy or
    /// certificates cannot be used.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let variable = |name: &str| std::env::var_os(name);
        ca_file::check_variables(variable)?;
        let proxies = Proxies::read(variable)?;
        let extra = match &options.ca_file {
            Some(path) => ca_file::read(path)?,
            None => Vec::new(),
        };
        Ok(Self {
            direct: Arc::new(Pool::new(None, extra.clone())),
            outward: Some(Arc::new(Pool::new(Some(proxies), extra))),
        })
    }

    /// A client that never uses a proxy, whatever the environment says.
    pub fn direct() -> Self {
        Self {
            direct: Arc::new(Pool::new(None, Vec::new())),
            outward: None,
        }
    }

    /// Sends a request and returns once the head of the response is there; the body follows as it is read.
    ///
    /// A response of any status is a response. After a 503 the next request makes a new connection, as Graph's guidance
    /// has it: the old one may be tied to a server in trouble.
    ///
    /// # Errors
    ///
    /// When there is no response within `limits`.
    pub(crate) async fn send(
        &self,
        mut request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<ResponseBody>, ClientError> {
        let host = host_of(request.uri());
        hide_credentials(request.headers_mut());
        announce_empty_body(&mut request);
        let pool = match &self.outward {
            Some(outward) if !is_loopback(request.uri()) => outward,
            _ => &self.direct,
        };
        let uri = request.uri().clone();
        let request = reqwest::Request::try_from(request)
            .map_err(|error| ClientError::classify(error, &host))?;
        let connections = pool
            .connections()
            .map_err(|error| ClientError::classify(error, &host))?;

        let sent = Instant::now();
        let response = tokio::time::timeout(limits.first_byte, connections.client.execute(request))
            .await
            .map_err(|_| ClientError::ReadTimeout {
                host: host.clone(),
                after: limits.first_byte,
            })?;
        let response = match response {
            Ok(response) => response,
            Err(error) => return Err(pool.explain(error, &uri, &host).await),
        };
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            pool.retire(connections.generation);
        }
        let response = encoding::decoded(response.into()).await;
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(
            parts,
            WatchedBody::new(body, host, limits, sent.elapsed()).boxed(),
        ))
    }
}

/// Announces that an empty POST is empty: `reqwest` does not, and some front ends then return 411.
fn announce_empty_body(request: &mut Request<Bytes>) {
    if request.method() == Method::POST && request.body().is_empty() {
        let none = HeaderValue::from_static("0");
        request.headers_mut().insert(header::CONTENT_LENGTH, none);
    }
}

/// Marks what must appear neither in debug output nor in HPACK's tables.
fn hide_credentials(headers: &mut HeaderMap) {
    for name in [header::AUTHORIZATION, IDENTITY_HEADER] {
        if let Some(value) = headers.get_mut(name) {
            value.set_sensitive(true);
        }
    }
}

/// The authority of an address, as errors name it.
pub(crate) fn host_of(uri: &Uri) -> String {
    uri.authority()
        .map_or_else(|| "?".to_owned(), ToString::to_string)
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => bare.eq_ignore_ascii_case("localhost"),
    }
}
