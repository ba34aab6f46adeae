//! The gate of `grant`, which sends with the token of an administrator, who may do almost anything in the tenant.
//!
//! | request | when |
//! |---|---|
//! | `GET /v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id,appRoles` | always |
//! | `GET /v1.0/servicePrincipals/{guid}?$select=id,displayName,appId,servicePrincipalType` | always |
//! | `GET /v1.0/servicePrincipals?$filter=displayName eq '…'&$select=…` (the same) | always |
//! | `GET /v1.0/servicePrincipals/{guid}/appRoleAssignments`, also with a `$skiptoken` | always |
//! | `POST /v1.0/servicePrincipals/{guid}/appRoleAssignedTo` | of one of five [roles](Role), on the one resource, to the one principal, that [`Writes::Assign`] names |
//! | `DELETE /v1.0/servicePrincipals/{guid}/appRoleAssignedTo/{id}` | an assignment that [`Writes::Revoke`] names |
//! | anything else | never |
//!
//! No header of the proposal goes through, so none is read.

mod assignment;
mod call;
mod refusal;
mod role;

use intune_sync_ids::Guid;

use super::{Direct, Parsed, Policy, Proposal, sealed::Sealed};

pub use self::{
    assignment::{AssignmentId, AssignmentIdError},
    call::{Call, GRAPH_APP, SKIP_TOKEN_LENGTH},
    refusal::Refusal,
    role::Role,
};
pub use super::name::{Name, NameError};

/// The most bytes in the body of a response, decompressed.
pub const RESPONSE_LIMIT: usize = 32 * 1024 * 1024;

/// The gate of `grant`.
pub type Gate = super::Gate<Writes>;

/// What differs from grant to grant.
pub type Rules = super::Rules<Writes>;

/// A request of `grant` that may leave.
pub type Allowed = super::Allowed<Call, ()>;

/// Which writes may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writes {
    /// None: it only looks up what there is.
    None,
    /// Roles may be assigned to one principal.
    Assign {
        /// The service principal of Microsoft Graph.
        resource: Guid,
        /// To which principal.
        principal: Guid,
    },
    /// These assignments may be revoked.
    Revoke {
        /// The service principal of Microsoft Graph.
        resource: Guid,
        /// Which ones.
        assignments: Vec<AssignmentId>,
    },
}

impl Writes {
    fn permit(&self, call: &Call) -> Result<(), Refusal> {
        match call {
            Call::Graph | Call::Principal(_) | Call::Named(_) | Call::Assignments { .. } => Ok(()),
            Call::Assign {
                resource,
                principal,
                ..
            } => match self {
                Self::Assign {
                    resource: permitted,
                    principal: to,
                } if permitted == resource && to == principal => Ok(()),
                _ => Err(Refusal::AssignmentNotPermitted {
                    principal: *principal,
                    resource: *resource,
                }),
            },
            Call::Revoke {
                resource,
                assignment,
            } => match self {
                Self::Revoke {
                    resource: permitted,
                    assignments,
                } if permitted == resource && assignments.contains(assignment) => Ok(()),
                _ => Err(Refusal::RevocationNotPermitted {
                    resource: *resource,
                    assignment: assignment.clone(),
                }),
            },
        }
    }
}

impl Sealed for Writes {}

impl Direct for Writes {}

impl Policy for Writes {
    type Call = Call;
    type Token = ();
    type Refusal = Refusal;

    fn read(&self, proposal: &Proposal<'_>) -> Result<Parsed<Call, ()>, Refusal> {
        let call = Call::read(proposal)?;
        self.permit(&call)?;
        Ok(Parsed {
            method: call.method(),
            target: call.target(),
            proposed_id: None,
            body: call.body(),
            token: (),
            call,
        })
    }

    fn response_limit(_: &Call) -> usize {
        RESPONSE_LIMIT
    }
}
