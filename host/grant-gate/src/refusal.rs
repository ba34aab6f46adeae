use http::Method;
use intune_sync_ids::{Guid, Origin, Quoted};

use crate::{AssignmentId, Role};

/// Why a request may not leave. One variant for each reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Another scheme, host or port, user information in the address, or no absolute address at all.
    #[error("`{uri}` is not at `{allowed}`")]
    Origin {
        /// The address asked for.
        uri: Quoted,
        /// The only origin allowed.
        allowed: Origin,
    },
    /// A path that is not on the list.
    #[error("`{method} {path}` is not on the list of what may leave")]
    Path {
        /// The method asked for.
        method: Quoted,
        /// The path asked for.
        path: Quoted,
    },
    /// A path on the list, with another method.
    #[error("`{path}` takes `{allowed}` only, not `{method}`")]
    Method {
        /// The method asked for.
        method: Quoted,
        /// The path asked for.
        path: Quoted,
        /// The method that is allowed there.
        allowed: Method,
    },
    /// Another query than the one on the list, or one where there is none.
    #[error("this query is not on the list of what may leave: `{query}`")]
    Query {
        /// The query; empty where there is none.
        query: Quoted,
    },
    /// A body on a call that takes none.
    #[error("a body of {length} bytes where none is allowed")]
    BodyPresent {
        /// Bytes of the body.
        length: usize,
    },
    /// A body that is not exactly `principalId`, `resourceId` and `appRoleId`, each a GUID.
    #[error("the body is not an assignment of an app role: {problem}")]
    Body {
        /// What is wrong and where.
        problem: Quoted,
    },
    /// An assignment whose body names another resource than its path.
    #[error("the path names the resource `{path}`, the body `{body}`")]
    TwoResources {
        /// The one in the path.
        path: Guid,
        /// The one in the body.
        body: Guid,
    },
    /// A role that is none of the three.
    #[error("the app role `{id}` is none of those that may be granted ({}, {}, {})", Role::ALL[0], Role::ALL[1], Role::ALL[2])]
    Role {
        /// Its id.
        id: Guid,
    },
    /// An assignment that was not asked for: the wrong principal, the wrong resource, or none was asked for at all.
    #[error("no assignment to `{principal}` on `{resource}` was asked for")]
    AssignmentNotAsked {
        /// To whom.
        principal: Guid,
        /// On what.
        resource: Guid,
    },
    /// An assignment that was not to be taken away.
    #[error("the assignment `{assignment}` on `{resource}` was not to be taken away")]
    RevocationNotAsked {
        /// On what.
        resource: Guid,
        /// Which.
        assignment: AssignmentId,
    },
}
