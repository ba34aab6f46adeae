//! The requests that the core wants sent, and their responses.

use core::time::Duration;

use intune_sync_ids::Guid;

use crate::token::TokenSerial;

/// Names a request until its response has come. Ascending in the order of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads the list.
    Get,
    /// Sends syncs.
    Post,
}

/// One HTTP request to Graph's origin. The driver adds the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name in [`Run::handle_response`](crate::Run::handle_response).
    pub id: RequestId,
    /// The method.
    pub method: Method,
    /// Path and query, percent-encoded.
    pub path_and_query: String,
    /// The JSON body; `None` for an empty one.
    pub body: Option<String>,
    /// The value of `client-request-id`, unique to this request.
    pub client_request_id: Guid,
    /// The token to put on it: the one with this number in [`Run::handle_token`](crate::Run::handle_token), which is
    /// always the last one.
    pub token: TokenSerial,
    /// The largest body of a response to read, in bytes.
    pub response_limit: usize,
    /// How long to wait for the head of the response, and for each further part of it.
    pub timeout: Duration,
}

/// A complete response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in any letter case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoResponse {
    /// The connection failed or was cut. Graph may have acted or not.
    #[error("{0}")]
    Transport(String),
    /// The host does not let the request leave.
    #[error("{0}")]
    Denied(String),
}
