//! The gate of a run: what may leave the sandbox.
//!
//! What [`rules_table`] lists leaves, nothing else does. What leaves is written by the gate from what it has parsed
//! (address, headers and body alike); no byte of the guest's goes through. The gate has no memory: whether a link to a
//! further page is one that Graph gave, and whether a device may be synced, [custody](crate::Custody) decides.
//!
//! [`WriteCeiling`] is the ceiling on writes that holds whatever the guest's pace is.

mod batch;
mod bulk;
mod ceiling;
mod headers;
mod json;
mod read;
mod refusal;
mod rules;
pub(super) mod target;

use http::uri::PathAndQuery;
use intune_sync_ids::Guid;

use self::target::Target;
use super::{Parsed, Policy, Proposal, expect_no_body, expect_origin, hide_token, sealed::Sealed};

pub use self::{
    batch::{BATCH_ITEMS, BatchItem, ITEM_ID_LENGTH},
    bulk::BULK_DEVICES,
    ceiling::WriteCeiling,
    headers::{DROPPED_HEADERS, PresentedToken, TOKEN_LENGTH},
    read::ListRead,
    refusal::Refusal,
    rules::{Rule, rules_table},
    target::QUERY_LENGTH,
};

/// The most bytes in a request's body. A full batch or bulk action has under 5 KiB.
pub const BODY_LIMIT: usize = 64 * 1024;
/// The most bytes in the body of a page of the list, decompressed.
pub const LIST_RESPONSE_LIMIT: usize = 32 * 1024 * 1024;
/// The most bytes in the body of any other response, decompressed.
pub const RESPONSE_LIMIT: usize = 1024 * 1024;

/// The gate of a run.
pub type Gate = super::Gate<Writes>;

/// What differs from run to run.
pub type Rules = super::Rules<Writes>;

/// A request of a run that may leave.
pub type Allowed = super::Allowed<Call, PresentedToken>;

/// Which writes may leave in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// None: the run only plans.
    None,
    /// Syncs, alone and in batches.
    Syncs,
    /// Syncs, and `executeAction` too, for bulk dispatch.
    SyncsAndBulk,
}

/// What a request does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Reads a page of the list of devices.
    List(ListRead),
    /// Syncs a device.
    Sync(Guid),
    /// Syncs each of 1 to 20 devices.
    Batch(Vec<BatchItem>),
    /// Syncs 1 to 100 devices by the bulk action.
    Bulk(Vec<Guid>),
}

/// What a request does, as far as method and address say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// Reads a page of the list of devices.
    Read(ListRead),
    /// Syncs devices.
    Write,
}

impl Call {
    /// How many devices it syncs; 0 for the list.
    pub fn writes(&self) -> u32 {
        let devices = match self {
            Self::List(_) => 0,
            Self::Sync(_) => 1,
            Self::Batch(items) => items.len(),
            Self::Bulk(devices) => devices.len(),
        };
        u32::try_from(devices).expect("a batch has at most 20 items, a bulk action 100 devices")
    }
}

impl Writes {
    /// The most devices that one request may sync.
    pub const fn largest(self) -> usize {
        match self {
            Self::None | Self::Syncs => BATCH_ITEMS,
            Self::SyncsAndBulk => BULK_DEVICES,
        }
    }

    fn permit(self, target: &Target) -> Result<(), Refusal> {
        match (target, self) {
            (Target::List(_), _) | (_, Self::SyncsAndBulk) => Ok(()),
            (_, Self::None) => Err(Refusal::WritesOff),
            (Target::Bulk, Self::Syncs) => Err(Refusal::BulkOff),
            (Target::Sync(_) | Target::Batch, Self::Syncs) => Ok(()),
        }
    }
}

impl Sealed for Writes {}

impl Policy for Writes {
    type Call = Call;
    type Token = PresentedToken;
    type Refusal = Refusal;

    fn read(&self, proposal: &Proposal<'_>) -> Result<Parsed<Call, PresentedToken>, Refusal> {
        let target = Target::read(proposal)?;
        self.permit(&target)?;
        if proposal.body.len() > BODY_LIMIT {
            return Err(Refusal::BodyLength {
                length: proposal.body.len(),
            });
        }
        let (call, body) = read_body(&target, proposal.body)?;
        let (proposed_id, token) = headers::read(proposal.headers)?;
        Ok(Parsed {
            method: target.method(),
            target: target.write(),
            proposed_id,
            body,
            token,
            call,
        })
    }

    fn response_limit(call: &Call) -> usize {
        match call {
            Call::List(_) => LIST_RESPONSE_LIMIT,
            Call::Sync(_) | Call::Batch(_) | Call::Bulk(_) => RESPONSE_LIMIT,
        }
    }
}

impl Gate {
    /// Decides by method, address and headers alone whether a request may leave, before its body is complete.
    ///
    /// # Errors
    ///
    /// As [`check`](super::Gate::check), as far as the body has no part in it.
    pub fn check_head(&self, proposal: &Proposal<'_>) -> Result<Head, Refusal> {
        let Rules { origin, writes } = self.rules();
        let decide = || -> Result<Head, Refusal> {
            expect_origin(proposal, origin)?;
            let target = Target::read(proposal)?;
            writes.permit(&target)?;
            headers::read(proposal.headers)?;
            Ok(match target {
                Target::List(read) => Head::Read(read),
                Target::Sync(_) | Target::Batch | Target::Bulk => Head::Write,
            })
        };
        decide().map_err(|refusal| hide_token(refusal, proposal))
    }
}

/// Where a page of the list is, below the origin.
pub(crate) fn target_of(read: &ListRead) -> PathAndQuery {
    Target::List(read.clone()).write()
}

/// What the request does, and its rewritten body.
fn read_body(target: &Target, body: &[u8]) -> Result<(Call, Vec<u8>), Refusal> {
    match target {
        Target::List(read) => {
            expect_no_body(body)?;
            Ok((Call::List(read.clone()), Vec::new()))
        }
        Target::Sync(device) => {
            expect_no_body(body)?;
            Ok((Call::Sync(*device), Vec::new()))
        }
        Target::Batch => {
            let items = batch::read(body)?;
            let body = batch::write(&items);
            Ok((Call::Batch(items), body))
        }
        Target::Bulk => {
            let devices = bulk::read(body)?;
            let body = bulk::write(&devices);
            Ok((Call::Bulk(devices), body))
        }
    }
}
