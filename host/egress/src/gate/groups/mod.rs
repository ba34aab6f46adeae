//! The gate of `--group` and `--exclude-group`: who is in a group, read by the host before a run.
//!
//! | request | when |
//! |---|---|
//! | `GET /v1.0/groups/{guid}?$select=id,displayName` | always |
//! | `GET /v1.0/groups?$filter=displayName eq '…'&$select=id,displayName` | always |
//! | `GET /v1.0/groups/{guid}/transitiveMembers/microsoft.graph.device?$select=id,deviceId,displayName&$count=true&$top=999` | always |
//! | `GET /v1.0/groups/{guid}/transitiveMembers/microsoft.graph.user?$select=id&$count=true&$top=999` | always |
//! | a further page of either | the one that [`Further`] names: Graph's own link, at the same path |
//! | anything else | never |
//!
//! No header of the proposal goes through, so none is read.

mod call;
mod key;
mod rules;

use http::{HeaderName, HeaderValue};
use intune_sync_ids::Quoted;

pub use self::{
    call::{Call, Kind, Page},
    key::Key,
    rules::rules_table,
};
pub use super::name::{Name, NameError};
use super::{Direct, Parsed, Policy, Proposal, Redact, sealed::Sealed};

/// The most bytes in the body of a response, decompressed. A page has at most 999 members, each under 2 KiB.
pub const RESPONSE_LIMIT: usize = 4 * 1024 * 1024;

/// Casts of members are read from an index that may lag behind, which a request has to agree to
/// (docs/graph-facts.md#groups).
const CONSISTENCY: (HeaderName, HeaderValue) = (
    HeaderName::from_static("consistencylevel"),
    HeaderValue::from_static("eventual"),
);

/// The gate of groups.
pub type Gate = super::Gate<Further>;

/// What differs from one request to the next.
pub type Rules = super::Rules<Further>;

/// A request about groups that may leave.
pub type Allowed = super::Allowed<Call, ()>;

/// The further page that may be read: the one to which the last page has led, if any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Further(pub Option<Call>);

/// Why a request may not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A reason that every gate has.
    #[error(transparent)]
    Request(#[from] super::Refusal),
    /// A further page to which Graph has not led.
    #[error("Microsoft Graph has not led to the page `{query}`")]
    PageNotGiven {
        /// Its query.
        query: Quoted,
    },
}

impl Sealed for Further {}

impl Direct for Further {}

impl Policy for Further {
    type Call = Call;
    type Token = ();
    type Refusal = Refusal;

    fn read(&self, proposal: &Proposal<'_>) -> Result<Parsed<Call, ()>, Refusal> {
        let call = Call::read(proposal)?;
        if let Some(page) = call.page()
            && self.0.as_ref() != Some(&call)
        {
            let query = Quoted::new(page.query());
            return Err(Refusal::PageNotGiven { query });
        }
        Ok(Parsed {
            method: Call::METHOD,
            target: call.target(),
            proposed_id: None,
            body: Vec::new(),
            token: (),
            call,
        })
    }

    fn header(call: &Call) -> Option<(HeaderName, HeaderValue)> {
        matches!(call, Call::Members { .. }).then_some(CONSISTENCY)
    }

    fn response_limit(_: &Call) -> usize {
        RESPONSE_LIMIT
    }
}

impl Redact for Refusal {
    fn quoted(&mut self) -> Vec<&mut Quoted> {
        match self {
            Self::Request(refusal) => refusal.quoted(),
            Self::PageNotGiven { query } => vec![query],
        }
    }
}
