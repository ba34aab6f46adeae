//! One request to an identity endpoint, without waiting: each call takes what has come since.

use core::time::Duration;

use http::{Response, StatusCode, header};
use intune_sync_identity::TokenRequest;
use intune_sync_wasi_http::{self as wasi_http, Error, Method, Request, Scheme, Timeouts};

/// A response with a token has a few kilobytes.
const RESPONSE_MAX: usize = 256 << 10;
/// How long a whole exchange may take, whatever the runtime makes of the timeouts.
const DEADLINE: Duration = Duration::from_secs(60);

/// A request under way.
pub(crate) struct Exchange {
    inner: wasi_http::Exchange,
    /// By when it has to be complete.
    deadline: Duration,
}

impl Exchange {
    /// Hands a request to the runtime. `nearby` is an endpoint that is one hop away or nowhere.
    ///
    /// # Errors
    ///
    /// When the runtime does not take it.
    pub(crate) fn start(request: TokenRequest, nearby: bool, now: Duration) -> Result<Self, Error> {
        let (mut head, form) = request.into_parts();
        let body = form.0.into_bytes();
        if head.method == http::Method::POST {
            head.headers
                .insert(header::CONTENT_LENGTH, body.len().into());
        }
        let headers = head.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_owned()));
        let inner = wasi_http::Exchange::start(Request {
            method: match head.method {
                http::Method::POST => Method::Post,
                _ => Method::Get,
            },
            scheme: match head.uri.scheme_str() {
                Some("http") => Scheme::Http,
                _ => Scheme::Https,
            },
            authority: head
                .uri
                .authority()
                .map_or("", |authority| authority.as_str()),
            path_and_query: head.uri.path_and_query().map_or("/", |path| path.as_str()),
            headers: headers.collect(),
            body,
            timeouts: Timeouts {
                connect: Duration::from_secs(if nearby { 2 } else { 10 }),
                first_byte: Duration::from_secs(30),
                between_bytes: Duration::from_secs(10),
            },
            response_limit: RESPONSE_MAX,
        });
        Ok(Self {
            inner: inner?,
            deadline: now + DEADLINE,
        })
    }

    /// Goes on as far as it can without waiting; the response, or why there is none, once it is complete.
    pub(crate) fn poll(&mut self, now: Duration) -> Option<Result<Response<Vec<u8>>, Error>> {
        self.inner.advance_ready();
        match self.inner.take_response() {
            Some(response) => Some(response.and_then(to_http)),
            None if now < self.deadline => None,
            None => Some(Err(Error::Transport(format!(
                "it did not respond within {} s",
                DEADLINE.as_secs()
            )))),
        }
    }
}

/// The status, `Retry-After` and the body.
fn to_http(response: wasi_http::Response) -> Result<Response<Vec<u8>>, Error> {
    let status = StatusCode::from_u16(response.status)
        .map_err(|error| Error::Transport(error.to_string()))?;
    let mut headers = response.headers.iter();
    let retry_after = headers.find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    let retry_after = retry_after.and_then(|(_, value)| value.parse().ok());
    let mut response = Response::new(response.body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .extend(retry_after.map(|value| (header::RETRY_AFTER, value)));
    Ok(response)
}
