//! A request of the run as `wasi:http` takes it, and its response as the run takes it.

use core::time::Duration;

use intune_sync_wasi_http::{self as wasi_http, Error, Scheme, Side, Timeouts};
use wasi::io::poll::Pollable;

use crate::{
    Settings,
    http::{Method, NoResponse, Request, RequestId, Response},
};

/// One request on its way.
pub(super) struct Exchange {
    id: RequestId,
    inner: wasi_http::Exchange,
}

impl Exchange {
    /// Hands a request to the host.
    pub(super) fn start(
        request: &Request,
        settings: &Settings,
        token: &str,
    ) -> Result<Self, NoResponse> {
        const CONNECT: Duration = Duration::from_secs(10);
        let body = request.body.clone().unwrap_or_default().into_bytes();
        let inner = wasi_http::Exchange::start(wasi_http::Request {
            method: match request.method {
                Method::Get => wasi_http::Method::Get,
                Method::Post => wasi_http::Method::Post,
            },
            scheme: match settings.is_https() {
                true => Scheme::Https,
                false => Scheme::Http,
            },
            authority: settings.authority(),
            path_and_query: &request.path_and_query,
            headers: headers(request, token, body.len()),
            body,
            timeouts: Timeouts {
                connect: CONNECT,
                first_byte: request.timeout,
                between_bytes: request.timeout,
            },
            response_limit: request.response_limit,
        })
        .map_err(no_response)?;
        Ok(Self {
            id: request.id,
            inner,
        })
    }

    pub(super) fn id(&self) -> RequestId {
        self.id
    }

    /// What to wait for.
    pub(super) fn pollables(&self) -> impl Iterator<Item = (Side, &Pollable)> {
        self.inner.pollables()
    }

    /// Goes on as far as it can without waiting.
    pub(super) fn advance(&mut self, side: Side) {
        self.inner.advance(side);
    }

    /// The response, once it is complete; it can be taken once.
    pub(super) fn take_response(&mut self) -> Option<Result<Response, NoResponse>> {
        let response = self.inner.take_response()?;
        Some(response.map(Response::from).map_err(no_response))
    }
}

fn headers(request: &Request, token: &str, length: usize) -> Vec<(String, Vec<u8>)> {
    let header = |name: &str, value: String| (name.to_owned(), value.into_bytes());
    let mut headers = vec![
        header("authorization", format!("Bearer {token}")),
        header("accept", "application/json".to_owned()),
        header("client-request-id", request.client_request_id.to_string()),
    ];
    if request.body.is_some() {
        headers.push(header("content-type", "application/json".to_owned()));
    }
    if request.method == Method::Post {
        // Also when it is empty: some servers insist on a length.
        headers.push(header("content-length", length.to_string()));
    }
    headers
}

impl From<wasi_http::Response> for Response {
    fn from(response: wasi_http::Response) -> Self {
        let wasi_http::Response {
            status,
            headers,
            body,
        } = response;
        Self {
            status,
            headers,
            body,
        }
    }
}

fn no_response(error: Error) -> NoResponse {
    match error {
        Error::Denied | Error::Unsupported(_) => NoResponse::Denied(error.to_string()),
        Error::Transport(reason) => NoResponse::Transport(reason),
    }
}
