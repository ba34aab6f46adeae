//! A request, and how it is handed to the host.

use core::time::Duration;

use wasi::http::types::{Fields, Method, OutgoingRequest, RequestOptions, Scheme};

use crate::Error;

/// A request to send.
#[derive(Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Host and port.
    pub authority: &'a str,
    /// Path and query, percent-encoded.
    pub path_and_query: &'a str,
    /// The headers, `content-length` included: some servers insist on it even where it is 0.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, which may be empty.
    pub body: Vec<u8>,
    /// How long to wait for the host's three steps.
    pub timeouts: Timeouts,
    /// The largest response body that is read, in bytes.
    pub response_limit: usize,
}

/// All three must be set, since a host's defaults are ten minutes.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until the connection is established.
    pub connect: Duration,
    /// From then until the head of the response is there.
    pub first_byte: Duration,
    /// Between two parts of the body.
    pub between_bytes: Duration,
}

impl Request<'_> {
    /// The request without its body, as the host takes it.
    pub(crate) fn head(&self) -> Result<OutgoingRequest, Error> {
        let fields = Fields::from_list(&self.headers)
            .map_err(|error| Error::Unsupported(format!("headers: {error}")))?;
        let outgoing = OutgoingRequest::new(fields);
        outgoing
            .set_method(&self.method)
            .map_err(|()| unsupported("method"))?;
        outgoing
            .set_scheme(Some(&self.scheme))
            .map_err(|()| unsupported("scheme"))?;
        outgoing
            .set_authority(Some(self.authority))
            .map_err(|()| unsupported("authority"))?;
        outgoing
            .set_path_with_query(Some(self.path_and_query))
            .map_err(|()| unsupported("path"))?;
        Ok(outgoing)
    }
}

impl Timeouts {
    pub(crate) fn options(self) -> Result<RequestOptions, Error> {
        let nanos = |length: Duration| Some(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX));
        let options = RequestOptions::new();
        options
            .set_connect_timeout(nanos(self.connect))
            .and_then(|()| options.set_first_byte_timeout(nanos(self.first_byte)))
            .and_then(|()| options.set_between_bytes_timeout(nanos(self.between_bytes)))
            .map(|()| options)
            .map_err(|()| unsupported("timeout"))
    }
}

pub(crate) fn unsupported(part: &str) -> Error {
    Error::Unsupported(part.to_owned())
}
