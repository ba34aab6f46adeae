//! Why a request of `grant` may not leave.

use intune_sync_ids::{Guid, Quoted};

use super::{AssignmentId, Role};
use crate::gate::{self, Redact};

/// Why a request may not leave. One variant for each reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A reason that every gate has.
    #[error(transparent)]
    Request(#[from] gate::Refusal),
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
    /// A role other than these.
    #[error("the app role `{id}` is not one of those that may be granted ({})", Role::ALL.map(Role::value).join(", "))]
    Role {
        /// Its id.
        id: Guid,
    },
    /// An assignment to another principal or on another resource than the permitted ones, or where none is permitted.
    #[error("no assignment to `{principal}` on `{resource}` is permitted")]
    AssignmentNotPermitted {
        /// To which principal.
        principal: Guid,
        /// On which resource.
        resource: Guid,
    },
    /// A revocation of another assignment than the permitted ones.
    #[error("the assignment `{assignment}` on `{resource}` may not be revoked")]
    RevocationNotPermitted {
        /// On which resource.
        resource: Guid,
        /// Which one.
        assignment: AssignmentId,
    },
}

impl Redact for Refusal {
    fn quoted(&mut self) -> Vec<&mut Quoted> {
        match self {
            Self::Request(refusal) => refusal.quoted(),
            Self::Body { problem } => vec![problem],
            Self::TwoResources { .. }
            | Self::Role { .. }
            | Self::AssignmentNotPermitted { .. }
            | Self::RevocationNotPermitted { .. } => Vec::new(),
        }
    }
}
