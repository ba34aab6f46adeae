//! The headers of a request of a run.

use std::fmt;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT},
};
use intune_sync_ids::{Guid, Quoted};

use super::Refusal;
use crate::gate::CLIENT_REQUEST_ID;

/// Headers that a request may have and that are not passed on: the gate, or the client behind it, sets its own.
pub const DROPPED_HEADERS: [HeaderName; 4] = [ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT];

/// The most bytes in a token.
pub const TOKEN_LENGTH: usize = 16 * 1024;

const BEARER: &str = "Bearer ";
/// The token that the guest put on its request: a surrogate, which the host exchanges for the real one. Debug output
/// does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedToken(String);

impl PresentedToken {
    /// The token itself: 1 to [`TOKEN_LENGTH`] characters of RFC 6750's `b64token`.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn read(value: &HeaderValue) -> Option<Self> {
        let token = value.to_str().ok()?.strip_prefix(BEARER)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        ((1..=TOKEN_LENGTH).contains(&token.len()) && token.bytes().all(plain))
            .then(|| Self(token.to_owned()))
    }
}

impl fmt::Debug for PresentedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedToken([token])")
    }
}

/// Reads the headers of a request: its `client-request-id`, where it has one, and its token.
pub(super) fn read(headers: &HeaderMap) -> Result<(Option<Guid>, PresentedToken), Refusal> {
    let mut token = None;
    let mut request_id = None;
    for (name, value) in headers {
        if DROPPED_HEADERS.contains(name) {
            continue;
        }
        if *name == AUTHORIZATION {
            let read = PresentedToken::read(value).ok_or(Refusal::TokenForm)?;
            once(name, token.replace(read))?;
        } else if *name == CLIENT_REQUEST_ID {
            let read = read_request_id(value).ok_or(Refusal::ClientRequestId)?;
            once(name, request_id.replace(read))?;
        } else {
            return Err(Refusal::Header {
                name: Quoted::new(name.as_str()),
            });
        }
    }
    Ok((request_id, token.ok_or(Refusal::TokenMissing)?))
}

/// Refuses a header that had a value before.
fn once<T>(name: &HeaderName, before: Option<T>) -> Result<(), Refusal> {
    match before {
        None => Ok(()),
        Some(_) => Err(Refusal::HeaderTwice { name: name.clone() }),
    }
}

fn read_request_id(value: &HeaderValue) -> Option<Guid> {
    value.to_str().ok()?.parse().ok()
}
