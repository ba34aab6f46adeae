//! The frame of all gates: what may leave, as a function without I/O.
//!
//! A [`Gate`] takes a [`Proposal`] and returns either an [`Allowed`] request or a refusal with its reason. It denies by
//! default. The frame holds requests to the one origin and writes the headers; a [`Policy`] says which calls may leave
//! there, and writes each from what it has parsed.

pub mod doctor;
pub mod grant;
pub mod groups;
mod name;
mod refusal;
pub mod sync;
pub mod webhook;

use std::fmt;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
    uri::PathAndQuery,
};
use intune_sync_ids::{Guid, Origin, Quoted};

pub(crate) use self::refusal::Redact;
pub use self::refusal::Refusal;

/// The GUID by which Microsoft's support finds a request.
pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("intune-sync/", env!("CARGO_PKG_VERSION")));

/// Shorter tokens are not taken out of messages: they are not secret, and taking `a` out would only garble the text.
const SECRET_LENGTH: usize = 8;

/// The most tokens that are taken out of messages, so that a header full of words costs no time.
const SECRETS: usize = 8;

/// What decides which requests leave.
#[derive(Clone, Debug)]
pub struct Gate<P> {
    rules: Rules<P>,
}

/// What differs from run to run in what may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules<P> {
    /// The only place that requests go to.
    pub origin: Origin,
    /// What may be written there.
    pub writes: P,
}

/// A request as it was proposed.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its address, absolute.
    pub uri: &'a Uri,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The whole body; trailers are not part of it and never leave.
    pub body: &'a [u8],
}

/// Which calls a gate lists, and how each is written. The implementations are in this crate.
pub trait Policy: sealed::Sealed {
    /// What a request does.
    type Call: fmt::Debug;
    /// What the proposer put where the token goes.
    type Token: fmt::Debug;
    /// Why a request may not leave.
    #[expect(private_bounds, reason = "the implementations are in this crate")]
    type Refusal: std::error::Error + From<Refusal> + Redact;

    /// Reads a request, whatever its origin, and rewrites it.
    ///
    /// # Errors
    ///
    /// When the request is not on the list.
    fn read(
        &self,
        proposal: &Proposal<'_>,
    ) -> Result<Parsed<Self::Call, Self::Token>, Self::Refusal>;

    /// The header that a call needs besides those of every request.
    fn header(_: &Self::Call) -> Option<(HeaderName, HeaderValue)> {
        None
    }

    /// The most bytes that the body of the response may have, decompressed.
    fn response_limit(call: &Self::Call) -> usize;
}

/// A policy whose requests are sent as the gate admits them, without [custody](crate::Custody).
pub trait Direct: Policy {}

mod sealed {
    /// Keeps [`Policy`](super::Policy) to this crate.
    pub trait Sealed {}
}

/// What a policy has parsed and written.
#[derive(Debug)]
pub struct Parsed<C, T> {
    method: Method,
    target: PathAndQuery,
    /// The `client-request-id`, where the proposal had one. It does not leave.
    proposed_id: Option<Guid>,
    body: Vec<u8>,
    token: T,
    call: C,
}

/// A request that may leave, written by the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowed<C, T> {
    /// The method.
    pub method: Method,
    /// The address, absolute, at the rules' origin.
    pub uri: Uri,
    /// All headers except `authorization`, `client-request-id` and what belongs to the connection.
    pub headers: HeaderMap,
    /// The body; empty if there is none.
    pub body: Vec<u8>,
    /// What the proposal had where the real token goes.
    pub token: T,
    /// What the request does.
    pub call: C,
    /// The `client-request-id` of the proposal, where it had one. It does not leave: the host's own does.
    pub proposed_id: Option<Guid>,
}

impl<P> Gate<P> {
    /// A gate under these rules.
    pub const fn new(rules: Rules<P>) -> Self {
        Self { rules }
    }

    /// The rules it is under.
    pub const fn rules(&self) -> &Rules<P> {
        &self.rules
    }
}

impl<P: Policy> Gate<P> {
    /// Decides whether a request may leave, and writes what leaves instead of it.
    ///
    /// # Errors
    ///
    /// Whatever the policy does not list, and every request to another origin. No refusal shows what the proposal has
    /// in `authorization`.
    pub fn check(&self, proposal: &Proposal<'_>) -> Result<Allowed<P::Call, P::Token>, P::Refusal> {
        self.decide(proposal)
            .map_err(|refusal| hide_token(refusal, proposal))
    }

    fn decide(&self, proposal: &Proposal<'_>) -> Result<Allowed<P::Call, P::Token>, P::Refusal> {
        let Rules { origin, writes } = &self.rules;
        expect_origin(proposal, origin)?;
        let Parsed {
            method,
            target,
            proposed_id,
            body,
            token,
            call,
        } = writes.read(proposal)?;
        let mut headers = HeaderMap::with_capacity(5);
        headers.insert(ACCEPT, JSON);
        headers.insert(USER_AGENT, AGENT);
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        headers.extend(P::header(&call));
        Ok(Allowed {
            method,
            uri: origin.at(target),
            headers,
            body,
            token,
            call,
            proposed_id,
        })
    }
}

/// Takes out of a refusal what the proposal has in `authorization`.
pub(crate) fn hide_token<R: Redact>(mut refusal: R, proposal: &Proposal<'_>) -> R {
    for secret in secrets(proposal.headers) {
        for text in refusal.quoted() {
            text.hide(&secret);
        }
    }
    refusal
}

/// Checks that a request stays at the one place.
fn expect_origin(proposal: &Proposal<'_>, allowed: &Origin) -> Result<(), Refusal> {
    if Origin::of(proposal.uri).as_ref() == Some(allowed) {
        return Ok(());
    }
    Err(Refusal::Origin {
        uri: Quoted::new(proposal.uri.to_string()),
        allowed: allowed.clone(),
    })
}

/// A GUID as the value of a header.
pub(crate) fn header_of(id: Guid) -> HeaderValue {
    HeaderValue::try_from(id.to_string()).expect("a GUID is visible ASCII")
}

/// A GUID in Graph's own spelling. Another one would be rewritten and be harmless, but one spelling is enough.
fn guid(text: &str) -> Option<Guid> {
    text.parse()
        .ok()
        .filter(|guid: &Guid| guid.to_string() == text)
}

/// A path that is not on the list.
fn not_listed(method: &Method, path: &str) -> Refusal {
    Refusal::Path {
        method: Quoted::new(method.as_str()),
        path: Quoted::new(path),
    }
}

/// Checks the method of a call whose path is on the list.
fn expect_method(proposal: &Proposal<'_>, allowed: Method) -> Result<Method, Refusal> {
    if *proposal.method == allowed {
        return Ok(allowed);
    }
    Err(Refusal::Method {
        method: Quoted::new(proposal.method.as_str()),
        path: Quoted::new(proposal.uri.path()),
        allowed,
    })
}

/// Checks that a call which takes no body has none.
fn expect_no_body(body: &[u8]) -> Result<(), Refusal> {
    if body.is_empty() {
        return Ok(());
    }
    Err(Refusal::BodyPresent { length: body.len() })
}

/// Whatever in these headers may be a token, well-formed or not, to be kept out of messages.
fn secrets(headers: &HeaderMap) -> Vec<String> {
    let mut secrets = Vec::new();
    for value in headers.get_all(AUTHORIZATION) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let words = value.split(' ').filter(|word| word.len() >= SECRET_LENGTH);
        secrets.extend(words.map(str::to_owned));
    }
    secrets.truncate(SECRETS);
    secrets
}
