use std::fmt;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::Refusal;
use intune_sync_ids::{Guid, Quoted};

/// Headers that may be there and are not passed on: the gate, or the client behind it, sets its own.
pub const DROPPED_HEADERS: [HeaderName; 4] = [ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT];

/// The most bytes in a token.
pub const TOKEN_LENGTH: usize = 16 * 1024;

/// The GUID by which Microsoft's support finds a request.
pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

const BEARER: &str = "Bearer ";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("intune-sync/", env!("CARGO_PKG_VERSION")));

/// Shorter tokens are not taken out of messages: they are no secret, and taking `a` out would only garble the text.
const SECRET_LENGTH: usize = 8;

/// The most tokens that are taken out of messages, so that a header full of words costs no time.
const SECRETS: usize = 8;

/// The token that the guest put on its request: a surrogate, which the host exchanges for the real one. It does not
/// show in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(String);

impl Bearer {
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

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer([token])")
    }
}

/// Reads the headers of a request: those to be sent, all but the token written anew, and the token.
pub(crate) fn read(headers: &HeaderMap, has_body: bool) -> Result<(HeaderMap, Bearer), Refusal> {
    let mut token = None;
    let mut sent = HeaderMap::new();
    for (name, value) in headers {
        if DROPPED_HEADERS.contains(name) {
            continue;
        }
        if *name == AUTHORIZATION {
            if token
                .replace(Bearer::read(value).ok_or(Refusal::TokenForm)?)
                .is_some()
            {
                return Err(Refusal::HeaderTwice {
                    name: AUTHORIZATION,
                });
            }
        } else if *name == CLIENT_REQUEST_ID {
            if sent
                .insert(
                    CLIENT_REQUEST_ID,
                    request_id(value).ok_or(Refusal::ClientRequestId)?,
                )
                .is_some()
            {
                return Err(Refusal::HeaderTwice {
                    name: CLIENT_REQUEST_ID,
                });
            }
        } else {
            return Err(Refusal::Header {
                name: Quoted::new(name.as_str()),
            });
        }
    }
    sent.insert(ACCEPT, JSON);
    sent.insert(USER_AGENT, AGENT);
    if has_body {
        sent.insert(CONTENT_TYPE, JSON);
    }
    Ok((sent, token.ok_or(Refusal::TokenMissing)?))
}

fn request_id(value: &HeaderValue) -> Option<HeaderValue> {
    let id: Guid = value.to_str().ok()?.parse().ok()?;
    Some(id.to_string().try_into().expect("a GUID is visible ASCII"))
}

/// Whatever in these headers may be a token, well-formed or not, to be kept out of messages.
pub(crate) fn secrets(headers: &HeaderMap) -> Vec<String> {
    let mut secrets = Vec::new();
    for value in headers.get_all(AUTHORIZATION) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let words = value.split(' ').filter(|word| word.len() >= SECRET_LENGTH);
        secrets.extend(words.map(str::to_owned));
    }
    secrets.truncate(SECRETS);
    secrets
}
