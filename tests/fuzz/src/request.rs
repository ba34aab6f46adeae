//! Requests as text: the form of the gates' inputs.
//!
//! ```text
//! POST https://graph.microsoft.com/v1.0/$batch bulk
//! authorization: Bearer surrogate
//!
//! {"requests":[]}
//! ```
//!
//! The word behind the address says what the gate permits.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

/// A request that the `http` crate takes: no other one reaches a gate.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) permitted: &'a str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: &'a [u8],
}

impl<'a> Request<'a> {
    pub(crate) fn read(input: &'a [u8]) -> Option<Self> {
        let (first, mut rest) = line(input);
        let mut words = str::from_utf8(first).ok()?.split(' ');
        let method = words.next()?.parse().ok()?;
        let uri = words.next()?.parse().ok()?;
        let permitted = words.next().unwrap_or_default();
        let mut headers = HeaderMap::new();
        loop {
            let (header, after) = line(rest);
            rest = after;
            if header.is_empty() {
                break;
            }
            let colon = header.iter().position(|byte| *byte == b':')?;
            let (name, value) = header.split_at(colon);
            let name = HeaderName::from_bytes(name).ok()?;
            let value = HeaderValue::from_bytes(value[1..].trim_ascii()).ok()?;
            headers.try_append(name, value).ok()?;
        }
        Some(Self {
            method,
            uri,
            permitted,
            headers,
            body: rest,
        })
    }
}

/// The first line, and what follows it.
pub(crate) fn line(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, b""),
    }
}
