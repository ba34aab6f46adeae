//! Why a request of a run may not leave.

use http::HeaderName;
use intune_sync_ids::Quoted;

use super::{BATCH_ITEMS, BODY_LIMIT, BULK_DEVICES, ITEM_ID_LENGTH, QUERY_LENGTH};
use crate::gate::{self, Redact};

/// Why a request may not leave. One variant for each reason.
///
/// What it shows of the request is bounded, escaped and without the request's token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A reason that every gate has.
    #[error(transparent)]
    Request(#[from] gate::Refusal),
    /// A write in a run that only plans.
    #[error("a run that only plans may send no sync")]
    WritesOff,
    /// `executeAction` in a run without bulk dispatch.
    #[error("`executeAction` is allowed under bulk dispatch only")]
    BulkOff,
    /// A query of the list that is too long.
    #[error("the query has {length} bytes, {QUERY_LENGTH} are allowed")]
    QueryLength {
        /// Bytes of the query.
        length: usize,
    },
    /// A query of the list that is not printable ASCII.
    #[error("the query is not printable ASCII: `{query}`")]
    QueryCharacter {
        /// The query.
        query: Quoted,
    },
    /// A body that is too long.
    #[error("the body has {length} bytes, {BODY_LIMIT} are allowed")]
    BodyLength {
        /// Bytes of the body.
        length: usize,
    },
    /// A body that is not one JSON text in UTF-8, without a byte order mark and with nothing behind it.
    #[error("the body is not JSON: {problem}")]
    BodySyntax {
        /// What is wrong and where.
        problem: Quoted,
    },
    /// A JSON body with another shape: a key unknown, missing or given twice, or a value of another type.
    #[error("the body is not of the allowed shape: {problem}")]
    BodyShape {
        /// What is wrong and where.
        problem: Quoted,
    },
    /// A batch without items or with too many.
    #[error("the batch has {items} items, 1 to {BATCH_ITEMS} are allowed")]
    BatchItems {
        /// Items of the batch.
        items: usize,
    },
    /// An item's id of another form.
    #[error("item id `{id}` is not 1 to {ITEM_ID_LENGTH} ASCII letters, digits or dashes")]
    ItemId {
        /// The id.
        id: Quoted,
    },
    /// Two items with one id, letter case aside.
    #[error("item id `{id}` is used twice")]
    ItemIdTwice {
        /// The id.
        id: Quoted,
    },
    /// An item with another method.
    #[error("a batch item may be `POST` only, not `{method}`")]
    ItemMethod {
        /// The method requested.
        method: Quoted,
    },
    /// An item that is not a sync.
    #[error("a batch item may be a device's syncDevice only, not `{url}`")]
    ItemUrl {
        /// The address requested.
        url: Quoted,
    },
    /// A bulk action that is not a sync.
    #[error("the bulk action may be `syncDevice` only, not `{action}`")]
    Action {
        /// The action requested.
        action: Quoted,
    },
    /// A bulk action without devices or with too many.
    #[error("the bulk action has {devices} devices, 1 to {BULK_DEVICES} are allowed")]
    BulkDevices {
        /// Devices of the action.
        devices: usize,
    },
    /// A bulk action on something that is not a GUID.
    #[error("`{id}` is not a device id")]
    DeviceId {
        /// The id.
        id: Quoted,
    },
    /// A header that is not on the list.
    #[error("the header `{name}` is not on the list of what may leave")]
    Header {
        /// Its name; values are never shown.
        name: Quoted,
    },
    /// A header given twice that may be given once.
    #[error("the header `{name}` is given more than once")]
    HeaderTwice {
        /// Its name.
        name: HeaderName,
    },
    /// No `authorization` header.
    #[error("there is no `authorization` header")]
    TokenMissing,
    /// An `authorization` header that is not `Bearer` and a token.
    #[error("the header `authorization` is not `Bearer` and a token")]
    TokenForm,
    /// A `client-request-id` that is not a GUID.
    #[error("the header `client-request-id` is not a GUID")]
    ClientRequestId,
}

impl Redact for Refusal {
    fn quoted(&mut self) -> Vec<&mut Quoted> {
        match self {
            Self::Request(refusal) => refusal.quoted(),
            Self::QueryCharacter { query: text }
            | Self::BodySyntax { problem: text }
            | Self::BodyShape { problem: text }
            | Self::ItemId { id: text }
            | Self::ItemIdTwice { id: text }
            | Self::ItemMethod { method: text }
            | Self::ItemUrl { url: text }
            | Self::Action { action: text }
            | Self::DeviceId { id: text }
            | Self::Header { name: text } => vec![text],
            Self::WritesOff
            | Self::BulkOff
            | Self::QueryLength { .. }
            | Self::BodyLength { .. }
            | Self::BatchItems { .. }
            | Self::BulkDevices { .. }
            | Self::HeaderTwice { .. }
            | Self::TokenMissing
            | Self::TokenForm
            | Self::ClientRequestId => Vec::new(),
        }
    }
}
