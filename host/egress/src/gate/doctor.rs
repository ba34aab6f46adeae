//! The gate of `doctor`.
//!
//! | request | when |
//! |---|---|
//! | `GET /v1.0/deviceManagement/managedDevices?$top=1&$select=id` | always |
//! | `POST /v1.0/deviceManagement/managedDevices/{guid}/syncDevice` | the one device that [`Probe`] names |
//! | anything else | never |
//!
//! No header of the proposal goes through, so none is read.

use http::{Method, uri::PathAndQuery};
use intune_sync_ids::{Guid, Quoted};

use super::{
    Direct, Parsed, Policy, Proposal, Redact, expect_method, expect_no_body, not_listed,
    sealed::Sealed,
    sync::{
        self,
        target::{LIST, SYNC_PREFIX, SYNC_SUFFIX, SYNC_VERSION, sync_target},
    },
};

/// A page of one device, of which only the id is read.
const PAGE_QUERY: &str = "$top=1&$select=id";

/// The gate of `doctor`.
pub type Gate = super::Gate<Probe>;

/// What differs from one examination to the next.
pub type Rules = super::Rules<Probe>;

/// A request of `doctor` that may leave.
pub type Allowed = super::Allowed<Call, ()>;

/// The device that may be synced, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe(pub Option<Guid>);

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Reads a page of one device.
    Page,
    /// Syncs a device.
    Sync(Guid),
}

/// Why a request may not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A reason that every gate has.
    #[error(transparent)]
    Request(#[from] super::Refusal),
    /// A sync of another device than the one named, or of any where none is named.
    #[error("a sync of `{device}` is not permitted")]
    DeviceNotPermitted {
        /// The device.
        device: Guid,
    },
}

impl Call {
    /// Its method.
    pub const fn method(&self) -> Method {
        match self {
            Self::Page => Method::GET,
            Self::Sync(_) => Method::POST,
        }
    }

    /// Its path and query.
    pub fn target(&self) -> PathAndQuery {
        let text = match self {
            Self::Page => format!("{LIST}?{PAGE_QUERY}"),
            Self::Sync(device) => format!("{SYNC_VERSION}{SYNC_PREFIX}{device}{SYNC_SUFFIX}"),
        };
        text.try_into()
            .expect("fixed texts and a GUID make a path and query")
    }

    fn read(proposal: &Proposal<'_>) -> Result<Self, Refusal> {
        let path = proposal.uri.path();
        let (call, query) = match path {
            LIST => (Self::Page, Some(PAGE_QUERY)),
            _ => {
                let device = path.strip_prefix(SYNC_VERSION).and_then(sync_target);
                let device = device.ok_or_else(|| not_listed(proposal.method, path))?;
                (Self::Sync(device), None)
            }
        };
        expect_method(proposal, call.method())?;
        if proposal.uri.query() != query {
            return Err(Refusal::Request(super::Refusal::Query {
                query: Quoted::new(proposal.uri.query().unwrap_or_default()),
            }));
        }
        expect_no_body(proposal.body)?;
        Ok(call)
    }
}

impl Sealed for Probe {}

impl Direct for Probe {}

impl Policy for Probe {
    type Call = Call;
    type Token = ();
    type Refusal = Refusal;

    fn read(&self, proposal: &Proposal<'_>) -> Result<Parsed<Call, ()>, Refusal> {
        let call = Call::read(proposal)?;
        match call {
            Call::Sync(device) if self.0 != Some(device) => {
                return Err(Refusal::DeviceNotPermitted { device });
            }
            Call::Page | Call::Sync(_) => {}
        }
        Ok(Parsed {
            method: call.method(),
            target: call.target(),
            proposed_id: None,
            body: Vec::new(),
            token: (),
            call,
        })
    }

    fn response_limit(call: &Call) -> usize {
        match call {
            Call::Page => sync::LIST_RESPONSE_LIMIT,
            Call::Sync(_) => sync::RESPONSE_LIMIT,
        }
    }
}

impl Redact for Refusal {
    fn quoted(&mut self) -> Vec<&mut Quoted> {
        match self {
            Self::Request(refusal) => refusal.quoted(),
            Self::DeviceNotPermitted { .. } => Vec::new(),
        }
    }
}
