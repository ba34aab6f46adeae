//! The one HTTP client of the program: pooled connections, rustls, HTTP/2 where the server speaks it.
//!
//! It is a plain carrier. It follows no redirect, keeps no cookie, sends no referer and retries nothing that a server
//! may have seen: what an answer means is for the caller to say. Requests to a loopback address never go through a
//! proxy; others go through the system's (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`).

mod body;
mod ca_file;
mod error;
mod pool;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;

use self::body::WatchedBody;
pub(crate) use self::error::{ClientError, causes};
use self::pool::{Pool, Route};

/// How long a connection may take to be made, TLS included.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The body of an answer: ends in an error when it is too large, stalls or breaks.
pub(crate) type ResponseBody = BoxBody<Bytes, ClientError>;

/// What a client is made with.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientOptions {
    /// Certificates (PEM) to trust beside the system's.
    pub(crate) ca_file: Option<PathBuf>,
}

/// What one request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From the start until the head of the answer, connecting included.
    pub(crate) first_byte: Duration,
    /// Between two pieces of the answer's body.
    pub(crate) between_bytes: Duration,
    /// Bytes of the answer's body, after decompression.
    pub(crate) body: u64,
}

impl Default for Limits {
    /// 60 s to the head, 60 s between two pieces, 32 MiB.
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(60),
            between_bytes: Duration::from_secs(60),
            body: 32 << 20,
        }
    }
}

/// A pooled HTTP client.
pub(crate) struct HttpClient {
    /// Connections without a proxy.
    direct: Pool,
    /// Connections through the system's proxy, where it has one; none for a client that never uses one.
    outward: Option<Pool>,
}

impl HttpClient {
    /// A client that goes through the system's proxy where one is set.
    ///
    /// # Errors
    /// When the CA file cannot be read or holds anything but certificates.
    pub(crate) fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let extra = match &options.ca_file {
            Some(path) => ca_file::read(path)?,
            None => Vec::new(),
        };
        Ok(Self {
            direct: Pool::new(Route::Direct, extra.clone()),
            outward: Some(Pool::new(Route::SystemProxy, extra)),
        })
    }

    /// A client that never uses a proxy, whatever the environment says.
    pub(crate) fn direct() -> Self {
        Self {
            direct: Pool::new(Route::Direct, Vec::new()),
            outward: None,
        }
    }

    /// Sends a request and answers once the head of the answer is there; the body follows as it is read.
    ///
    /// An answer of any status is an answer. After a 503 the next request makes a new connection: Graph asks for it,
    /// since the old one may be tied to a server in trouble.
    ///
    /// # Errors
    /// When there is no answer within `limits`, or none at all.
    pub(crate) async fn send(
        &self,
        mut request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<ResponseBody>, ClientError> {
        let host = authority(request.uri());
        hide_credentials(request.headers_mut());
        announce_empty_body(&mut request);
        let pool = match &self.outward {
            Some(outward) if !is_loopback(request.uri()) => outward,
            _ => &self.direct,
        };
        let request = reqwest::Request::try_from(request)
            .map_err(|error| ClientError::classify(error, &host))?;
        let connections = pool
            .connections()
            .map_err(|error| ClientError::classify(error, &host))?;

        let answer = tokio::time::timeout(limits.first_byte, connections.client.execute(request))
            .await
            .map_err(|_| ClientError::ReadTimeout {
                host: host.clone(),
                after: limits.first_byte,
            })?
            .map_err(|error| ClientError::classify(error, &host))?;
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            pool.retire(connections.generation);
        }
        let (parts, body) = Response::from(answer).into_parts();
        Ok(Response::from_parts(
            parts,
            WatchedBody::new(body, host, limits).boxed(),
        ))
    }
}

/// Says of an empty POST that it is empty, which `reqwest` leaves out and some front ends answer 411 for.
fn announce_empty_body(request: &mut Request<Bytes>) {
    if request.method() == Method::POST && request.body().is_empty() {
        let none = HeaderValue::from_static("0");
        request.headers_mut().insert(header::CONTENT_LENGTH, none);
    }
}

/// Marks what must not appear in debug output nor in HPACK's tables.
fn hide_credentials(headers: &mut HeaderMap) {
    for name in [header::AUTHORIZATION.as_str(), "x-identity-header"] {
        if let Some(value) = headers.get_mut(name) {
            value.set_sensitive(true);
        }
    }
}

fn authority(uri: &Uri) -> String {
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
