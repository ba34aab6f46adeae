//! Why a request may not leave, as far as it is the same at every gate.

use http::Method;
use intune_sync_ids::{Origin, Quoted};

/// A reason that every gate has.
///
/// What it shows of the request is bounded, escaped and without the request's token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Another scheme, host or port, user information in the address, or no absolute address at all.
    #[error("`{uri}` is not at `{allowed}`")]
    Origin {
        /// The address requested.
        uri: Quoted,
        /// The only origin allowed.
        allowed: Origin,
    },
    /// A path that is not on the list.
    #[error("`{method} {path}` is not on the list of what may leave")]
    Path {
        /// The method requested.
        method: Quoted,
        /// The path requested.
        path: Quoted,
    },
    /// A path on the list, with another method.
    #[error("`{path}` takes `{allowed}` only, not `{method}`")]
    Method {
        /// The method requested.
        method: Quoted,
        /// The path requested.
        path: Quoted,
        /// The method that is allowed there.
        allowed: Method,
    },
    /// Another query than the one on the list, one where none is allowed, or none where one is needed.
    #[error("the query is not on the list of what may leave: `{query}`")]
    Query {
        /// The query; empty if there is none.
        query: Quoted,
    },
    /// A body on a call that takes none.
    #[error("a body of {length} bytes where none is allowed")]
    BodyPresent {
        /// Bytes of the body.
        length: usize,
    },
}

/// A refusal that can be shown without a secret.
pub(crate) trait Redact {
    /// Every text of the request that this shows.
    fn quoted(&mut self) -> Vec<&mut Quoted>;
}

impl Redact for Refusal {
    fn quoted(&mut self) -> Vec<&mut Quoted> {
        match self {
            Self::Path { method, path } | Self::Method { method, path, .. } => vec![method, path],
            Self::Origin { uri: text, .. } | Self::Query { query: text } => vec![text],
            Self::BodyPresent { .. } => Vec::new(),
        }
    }
}
