//! A response on its way to the caller, with the consequences of its arrival.

use bytes::Bytes;
use http::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};

use crate::{fleet::Index, quota::retry_after::Wait};

/// Marks a response, among its extensions, that must not be sent: the server closes the connection instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropConnection;

/// What reaches the caller in the end.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// A response with its whole body.
    Response(http::Response<Bytes>),
    /// The connection was closed without one.
    Dropped,
}

/// A response on its way to the caller.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
    /// Devices whose final outcome the caller learns from it.
    pub(crate) known: Vec<Index>,
    /// Waits that it asks the caller for.
    pub(crate) waits: Vec<Wait>,
    /// Whether the connection is closed instead.
    dropped: bool,
}

/// A page of HTML where JSON was expected.
pub(crate) const HTML_PAGE: &str = "<!DOCTYPE html><html><head><title>Service unavailable</title></head>\
    <body><h2>Our services aren't available right now</h2><p>We're working to restore all services.</p></body></html>";

const JSON: HeaderValue = HeaderValue::from_static(
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html");

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            known: Vec::new(),
            waits: Vec::new(),
            dropped: false,
        }
    }

    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            headers: vec![(CONTENT_TYPE, JSON)],
            ..Self::empty(status)
        }
    }

    pub(crate) fn html(status: u16) -> Self {
        Self {
            body: HTML_PAGE.into(),
            headers: vec![(CONTENT_TYPE, HTML)],
            ..Self::empty(status)
        }
    }

    /// No response: the connection is closed.
    pub(crate) fn dropped() -> Self {
        Self {
            dropped: true,
            ..Self::empty(500)
        }
    }

    /// Makes JSON of the body that no parser takes, though it is clear what it means; any other body stays as it is.
    pub(crate) fn mangle(&mut self) {
        const ROWS: &[u8] = b"\"value\":[{";
        const ODD: &[u8] = b"{\"odd\":\"K\xfcche \x07 \\ud83d\",\"odd\":1,";
        let Some(object) = self.body.strip_prefix(b"{\"") else {
            return;
        };
        let mut body = b"\xef\xbb\xbf".to_vec();
        body.extend_from_slice(ODD);
        body.push(b'"');
        body.extend_from_slice(object);
        if let Some(at) = body.windows(ROWS.len()).position(|part| part == ROWS) {
            let rows = at + ROWS.len() - 1;
            body.splice(rows..rows, *b"null,");
        }
        self.body = body;
    }

    /// Adds a header; one that cannot be written is omitted.
    pub(crate) fn header(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
    }

    /// What reaches the caller.
    pub(crate) fn into_delivery(self) -> Delivery {
        if self.dropped {
            return Delivery::Dropped;
        }
        let mut response = http::Response::new(Bytes::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().extend(self.headers);
        Delivery::Response(response)
    }
}
