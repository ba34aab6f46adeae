//! An answer on its way out, with what its arrival will mean.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use crate::clock::http_date;
use crate::errors::{APPROVAL_HEADER, About, Refusal};
use crate::fleet::Index;
use crate::retry_after::{Hold, RetryAfter};

/// Stands in the extensions of a response that is not to be sent: whoever carries it closes the connection instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropConnection;

/// What reaches the caller in the end.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A response with its whole body.
    Response(Response<Bytes>),
    /// The connection was closed without one.
    Dropped,
}

/// An answer on its way out.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
    /// Devices of which the caller learns how it ended.
    pub(crate) known: Vec<Index>,
    /// Waits that the caller is told of.
    pub(crate) holds: Vec<Hold>,
    /// The connection is closed in place of an answer.
    pub(crate) dropped: bool,
}

const JSON: HeaderValue = HeaderValue::from_static(
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html");

/// What stands where JSON was expected.
pub(crate) const HTML_PAGE: &str = "<!DOCTYPE html><html><head><title>Service unavailable</title></head>\
    <body><h2>Our services aren't available right now</h2><p>We're working to restore all services.</p></body></html>";

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            known: Vec::new(),
            holds: Vec::new(),
            dropped: false,
        }
    }

    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        Self {
            body,
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

    pub(crate) fn dropped() -> Self {
        Self {
            dropped: true,
            ..Self::empty(500)
        }
    }

    pub(crate) fn refused(refusal: &Refusal, about: &About<'_>) -> Self {
        // Gateways answer in HTML, or with nothing, about as often as in JSON.
        let mut reply = match (refusal.status, about.roll % 3) {
            (502 | 504, 1) => Self::html(refusal.status),
            (502 | 504, 2) => Self::empty(refusal.status),
            _ => Self::json(refusal.status, refusal.body(about)),
        };
        if refusal.approval {
            reply.header(HeaderName::from_static(APPROVAL_HEADER), "required");
        }
        if let Some(retry_after) = &refusal.retry_after {
            if let RetryAfter::Header(text, _) = retry_after {
                reply.header(RETRY_AFTER, text);
            }
            reply.holds.extend(retry_after.hold());
        }
        reply
    }

    /// Adds a header; one that cannot be written is left out.
    pub(crate) fn header(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
    }

    /// Adds the headers that all of Graph's answers have.
    pub(crate) fn sign(&mut self, about: &About<'_>) {
        self.header(DATE, &http_date(about.date));
        self.header(
            HeaderName::from_static("request-id"),
            &about.request_id.to_string(),
        );
        if !about.client_request_id.is_empty() {
            self.header(
                HeaderName::from_static("client-request-id"),
                about.client_request_id,
            );
        }
        let diagnostic = concat!(
            r#"{"ServerInfo":{"DataCenter":"North Europe","Slice":"E","Ring":"4","#,
            r#""ScaleUnit":"000","RoleInstance":"SIMULATOR"}}"#
        );
        self.header(HeaderName::from_static("x-ms-ags-diagnostic"), diagnostic);
    }

    /// What reaches the caller.
    pub(crate) fn into_answer(self) -> Answer {
        if self.dropped {
            return Answer::Dropped;
        }
        let mut response = Response::new(Bytes::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().extend(self.headers);
        Answer::Response(response)
    }
}
