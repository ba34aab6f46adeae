//! What the core asks its driver to send, and what comes back.

use core::time::Duration;

use intune_sync_ids::Guid;

use crate::token::TokenSerial;

/// Names a request for as long as its answer is awaited. Ascending in the order of sending.
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
    /// Its name in [`crate::Run::answered`].
    pub id: RequestId,
    /// The method.
    pub method: Method,
    /// Path and query, percent-encoded.
    pub path_and_query: String,
    /// The JSON body; none for an empty one.
    pub body: Option<String>,
    /// The value of `client-request-id`, new for each request.
    pub client_request_id: Guid,
    /// Which token to put on it: the one that [`crate::Run::token`] was given under this number.
    pub token: TokenSerial,
    /// An answer's body larger than this is not to be read, in bytes.
    pub answer_limit: usize,
    /// How long to wait for the head of the answer, and for each further part of it.
    pub timeout: Duration,
}

/// An answer, whole.
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

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The connection failed or was cut. Whether Graph has acted is unknown.
    #[error("{0}")]
    Transport(String),
    /// The one who runs the component does not let the request out.
    #[error("{0}")]
    Denied(String),
}
