//! The gate of notifications: one address, and what may be posted there.
//!
//! | request | when |
//! |---|---|
//! | `POST` to the address, byte for byte, with a JSON object | always |
//! | `HEAD /` at its origin, without a body | only for [`reach`], and nothing else there |
//! | anything else | never |
//!
//! The address is a secret, and a request may have it anywhere in it. So a refusal shows nothing of
//! the request, and of the address only its origin.

mod reach;
mod rules;

use http::{
    HeaderMap, HeaderName, Method,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, PROXY_AUTHORIZATION},
};
use intune_sync_ids::{Origin, Quoted};
use serde_json::{Map, Value};

pub use intune_sync_ids::{WebhookAddress as Address, WebhookAddressError as AddressError};

pub use self::{reach::reach, rules::rules_table};
use super::{Direct, JSON, Parsed, Policy, Proposal, Redact, expect_origin, sealed::Sealed};

/// The most bytes of a message: what Teams takes.
pub const BODY_LIMIT: usize = 28 * 1024;
/// The most bytes in the body of a response, decompressed. A webhook says `ok`, or in a line what is wrong.
pub const RESPONSE_LIMIT: usize = 64 * 1024;

/// The gate of notifications.
pub type Gate = super::Gate<Webhook>;

/// What differs from one webhook to the next.
pub type Rules = super::Rules<Webhook>;

/// A message that may leave.
pub type Allowed = super::Allowed<Call, ()>;

/// The webhook to which a message may be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook(Address);

/// What a request does: it posts a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call;

/// Why a request may not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A reason that every gate has, and that shows nothing of the request.
    #[error(transparent)]
    Request(super::Refusal),
    /// Another scheme, host or port.
    #[error("a request to a host other than `{allowed}`")]
    Origin {
        /// The only origin allowed.
        allowed: Origin,
    },
    /// Another path or query at the origin.
    #[error("a request to a path or query other than the address's")]
    Target,
    /// Another method.
    #[error("a method other than `POST`")]
    Method,
    /// A header in which a token travels.
    #[error("a token, in the header `{name}`")]
    Token {
        /// Which one.
        name: HeaderName,
    },
    /// A header that a message does not need, or another value of one that it does.
    #[error("a header besides `content-type: application/json` and the right `content-length`")]
    Header,
    /// A body that is too large.
    #[error("a body of more than {BODY_LIMIT} bytes")]
    TooLarge,
    /// A body of another kind.
    #[error("a body that is not a JSON object")]
    NoObject,
}

impl From<super::Refusal> for Refusal {
    fn from(refusal: super::Refusal) -> Self {
        match refusal {
            super::Refusal::Origin { allowed, .. } => Self::Origin { allowed },
            other => Self::Request(other),
        }
    }
}

impl Rules {
    /// The rules of a webhook.
    #[must_use]
    pub fn of(address: &Address) -> Self {
        Self {
            origin: address.origin().clone(),
            writes: Webhook(address.clone()),
        }
    }
}

impl Gate {
    /// Decides by method, address and headers alone whether a request may leave, before its body is complete.
    ///
    /// # Errors
    ///
    /// As [`check`](super::Gate::check), as far as the body has no part in it.
    pub fn check_head(&self, proposal: &Proposal<'_>) -> Result<(), Refusal> {
        let Rules { origin, writes } = self.rules();
        expect_origin(proposal, origin)?;
        writes.check_head(proposal)
    }
}

impl Webhook {
    fn check_head(&self, proposal: &Proposal<'_>) -> Result<(), Refusal> {
        if proposal.uri.path_and_query() != Some(self.0.target()) {
            return Err(Refusal::Target);
        }
        if *proposal.method != Method::POST {
            return Err(Refusal::Method);
        }
        check_headers(proposal.headers)
    }
}

impl Sealed for Webhook {}

impl Direct for Webhook {}

impl Policy for Webhook {
    type Call = Call;
    type Token = ();
    type Refusal = Refusal;

    fn read(&self, proposal: &Proposal<'_>) -> Result<Parsed<Call, ()>, Refusal> {
        self.check_head(proposal)?;
        let body = proposal.body;
        if body.len() > BODY_LIMIT {
            return Err(Refusal::TooLarge);
        }
        if content_length(proposal.headers).is_some_and(|length| length != Some(body.len())) {
            return Err(Refusal::Header);
        }
        let object: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| Refusal::NoObject)?;
        Ok(Parsed {
            method: Method::POST,
            target: self.0.target().clone(),
            proposed_id: None,
            body: Value::Object(object).to_string().into_bytes(),
            token: (),
            call: Call,
        })
    }

    fn response_limit(_: &Call) -> usize {
        RESPONSE_LIMIT
    }
}

/// The headers of the proposal do not leave: the gate writes its own. Still, one that a message does not need says what
/// its proposer is up to.
fn check_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut tokens = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].into_iter();
    if let Some(name) = tokens.find(|name| headers.contains_key(name)) {
        return Err(Refusal::Token { name });
    }
    let allowed = headers.iter().all(|(name, value)| match *name {
        CONTENT_TYPE => value == JSON,
        CONTENT_LENGTH => true,
        _ => false,
    });
    if !allowed {
        return Err(Refusal::Header);
    }
    // Its value is compared once there is a body.
    match content_length(headers) {
        Some(None) => Err(Refusal::Header),
        _ => Ok(()),
    }
}

/// The length that is announced, if one is; `Some(None)` if it is not a number.
fn content_length(headers: &HeaderMap) -> Option<Option<usize>> {
    let length = headers.get(CONTENT_LENGTH)?.to_str().ok();
    Some(length.and_then(|length| length.parse().ok()))
}

impl Redact for Refusal {
    fn quoted(&mut self) -> Vec<&mut Quoted> {
        match self {
            Self::Request(refusal) => refusal.quoted(),
            _ => Vec::new(),
        }
    }
}
