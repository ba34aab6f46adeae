//! Why custody does not let a request out.

use intune_sync_graph::ListQueryError;
use intune_sync_ids::{Guid, Quoted};

use crate::gate::Redact;

/// Why a request that the gate lists may not leave in this run, at this point. One variant for each reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A query of the list that is not in the grammar, nor a link that Graph gave.
    #[error("the query of the list is refused: {0}")]
    Query(#[from] ListQueryError),
    /// A link to a further page that is not the one that Graph gave last.
    #[error("`{0}` is not the link to the next page that Graph has given")]
    Link(Quoted),
    /// A property that the run neither selects by nor shows.
    #[error("this run does not read `{0}`, which the query of the list names")]
    Property(&'static str),
    /// A comparison that does not follow from the selection.
    #[error("this run does not select by `{0}`, which the filter of the list compares")]
    Clause(Quoted),
    /// The list was begun, and Graph has not refused a link since.
    #[error("the list of devices was begun before, and there is no reason to begin it again")]
    ListAgain,
    /// More reads than pages, retries and throttled responses explain.
    #[error(
        "the list of devices is read more often than its pages, retries and throttled responses explain"
    )]
    Reads,
    /// A sync before it is known which devices there are.
    #[error("a sync of `{0}` before the list of devices was read to its end")]
    BeforeList(Guid),
    /// A device that is neither in the list nor named.
    #[error("a sync of `{0}`, which is not in the list of devices")]
    NotListed(Guid),
    /// A device of the list that does not meet the selection, or was settled by an earlier run.
    #[error("a sync of `{0}`, which the selection does not match")]
    NotSelected(Guid),
    /// A device that cannot sync, in a run that skips those.
    #[error("a sync of `{0}`, which cannot sync and is to be skipped")]
    Unsupported(Guid),
    /// A device beyond the limit.
    #[error("a sync of `{device}`, which is not among the first {limit} (`--limit`)")]
    OverLimit {
        /// The device.
        device: Guid,
        /// How many may be synced.
        limit: u32,
    },
    /// A sync of the device is on its way.
    #[error("a second sync of `{0}` while the first is on its way")]
    OnItsWay(Guid),
    /// The device has its outcome.
    #[error("a further sync of `{device}`, which was {outcome}")]
    Settled {
        /// The device.
        device: Guid,
        /// What Graph said of it.
        outcome: &'static str,
    },
    /// More attempts than retries and throttled responses explain.
    #[error(
        "a further sync of `{device}` after {attempts}: more than retries and throttled responses explain"
    )]
    Attempts {
        /// The device.
        device: Guid,
        /// How many syncs of it have left.
        attempts: u8,
    },
}

impl Redact for Refusal {
    fn quoted(&mut self) -> Vec<&mut Quoted> {
        match self {
            Self::Query(error) => vec![error.shown()],
            Self::Link(text) | Self::Clause(text) => vec![text],
            _ => Vec::new(),
        }
    }
}
