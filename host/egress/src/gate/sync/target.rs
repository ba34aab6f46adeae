//! Where a request of a run goes.

use http::{Method, uri::PathAndQuery};
use intune_sync_ids::{Guid, Quoted};

use super::{ListRead, Refusal};
use crate::gate::{self, Proposal, expect_method, not_listed};

/// The most bytes in the query of the list: as many as a link that the engine follows. A `$skiptoken` of Graph has some
/// hundreds.
pub const QUERY_LENGTH: usize = intune_sync_graph::LINK_MAX;

/// The path of the list, below the root.
pub(in crate::gate) const LIST: &str = "/v1.0/deviceManagement/managedDevices";
/// The version in front of a sync that is sent alone.
pub(in crate::gate) const SYNC_VERSION: &str = "/v1.0";
/// The path before the device's id in a sync, in a `$batch` as well.
pub(in crate::gate) const SYNC_PREFIX: &str = "/deviceManagement/managedDevices/";
/// The path after it.
pub(in crate::gate) const SYNC_SUFFIX: &str = "/syncDevice";
/// The path of `$batch`.
pub(in crate::gate) const BATCH: &str = "/v1.0/$batch";
/// The path of the bulk action.
pub(in crate::gate) const BULK: &str = "/beta/deviceManagement/managedDevices/executeAction";

/// Where a request goes: the paths on the list, with what is variable in them parsed.
///
/// Paths are compared byte for byte, so that there is nothing to decode, fold or resolve: an encoded letter, a second
/// slash, a dot segment or another letter case is another path, and another path is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    List(ListRead),
    Sync(Guid),
    Batch,
    Bulk,
}

impl Target {
    pub(super) fn read(proposal: &Proposal<'_>) -> Result<Self, Refusal> {
        let path = proposal.uri.path();
        let target = match path {
            LIST => Self::List(ListRead::of(proposal.uri.query().unwrap_or_default())?),
            BATCH => Self::Batch,
            BULK => Self::Bulk,
            _ => path
                .strip_prefix(SYNC_VERSION)
                .and_then(sync_target)
                .map(Self::Sync)
                .ok_or_else(|| not_listed(proposal.method, path))?,
        };
        expect_method(proposal, target.method())?;
        match (target, proposal.uri.query()) {
            (target @ Self::List(_), _) => Ok(target),
            (_, Some(query)) => {
                let query = Quoted::new(query);
                Err(gate::Refusal::Query { query }.into())
            }
            (target, None) => Ok(target),
        }
    }

    pub(super) fn method(&self) -> Method {
        match self {
            Self::List(_) => Method::GET,
            Self::Sync(_) | Self::Batch | Self::Bulk => Method::POST,
        }
    }

    /// Path and query, rewritten.
    pub(super) fn write(&self) -> PathAndQuery {
        let text = match self {
            Self::List(read) => match read.query().as_str() {
                "" => LIST.to_owned(),
                query => format!("{LIST}?{query}"),
            },
            Self::Sync(device) => format!("{SYNC_VERSION}{SYNC_PREFIX}{device}{SYNC_SUFFIX}"),
            Self::Batch => BATCH.to_owned(),
            Self::Bulk => BULK.to_owned(),
        };
        text.try_into()
            .expect("fixed paths, a GUID and a query that was a query before make a path and query")
    }
}

/// The device that this path, without the version in front, syncs.
pub(in crate::gate) fn sync_target(path: &str) -> Option<Guid> {
    path.strip_prefix(SYNC_PREFIX)?
        .strip_suffix(SYNC_SUFFIX)?
        .parse()
        .ok()
}
