//! What `grant` may send to Microsoft Graph, as a function without I/O.
//!
//! `grant` speaks with the token of an administrator, who may do about anything in the tenant. [`Gate::check`] takes a
//! request and answers either the [`Call`] that it is, with the request written anew, or a [`Refusal`]. It denies by
//! default:
//!
//! | request | when |
//! |---|---|
//! | `GET /v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id,appRoles` | always |
//! | `GET /v1.0/servicePrincipals/{guid}?$select=id,displayName,appId,servicePrincipalType` | always |
//! | `GET /v1.0/servicePrincipals?$filter=displayName eq '…'&$select=…` (the same) | always |
//! | `GET /v1.0/servicePrincipals/{guid}/appRoleAssignments`, also with a `$skiptoken` | always |
//! | `POST /v1.0/servicePrincipals/{guid}/appRoleAssignedTo` | of one of three [roles](Role), on the one resource, to the one principal, that [`Writes::Assign`] names |
//! | `DELETE /v1.0/servicePrincipals/{guid}/appRoleAssignedTo/{id}` | an assignment that [`Writes::Revoke`] names |
//! | anything else | never |

mod assignment;
mod call;
mod gate;
mod name;
mod refusal;
mod role;

pub use assignment::{AssignmentId, AssignmentIdError};
pub use call::{Call, GRAPH_APP, SKIP_TOKEN_LENGTH};
pub use gate::{Allowed, Gate, Rules, Writes};
pub use name::{Name, NameError};
pub use refusal::Refusal;
pub use role::Role;
