use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Uri};
use intune_sync_ids::{Guid, Origin, Quoted};

use crate::{AssignmentId, Call, Refusal};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("intune-sync/", env!("CARGO_PKG_VERSION")));

/// What differs from grant to grant in what may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The only place that requests go to.
    pub origin: Origin,
    /// What may be written.
    pub writes: Writes,
}

/// Which writes may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writes {
    /// None: it is only looked up what there is.
    None,
    /// Roles may be assigned to one principal.
    Assign {
        /// The service principal of Microsoft Graph.
        resource: Guid,
        /// To whom.
        principal: Guid,
    },
    /// These assignments may be taken away.
    Revoke {
        /// The service principal of Microsoft Graph.
        resource: Guid,
        /// Which.
        assignments: Vec<AssignmentId>,
    },
}

/// What decides which requests leave.
#[derive(Clone, Debug)]
pub struct Gate {
    rules: Rules,
}

/// A request that may leave, written by the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// `GET`, `POST` or `DELETE`.
    pub method: Method,
    /// The address, absolute, at the rules' origin.
    pub uri: Uri,
    /// All headers but the token, the request's id and what belongs to the connection.
    pub headers: HeaderMap,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
    /// What the request does.
    pub call: Call,
}

impl Gate {
    /// A gate under these rules.
    pub const fn new(rules: Rules) -> Self {
        Self { rules }
    }

    /// Decides whether a request may leave, and what leaves in its place. `uri` must be absolute. No header of the
    /// request goes through, so none is asked for.
    ///
    /// # Errors
    ///
    /// Whatever the [table](crate) does not list.
    pub fn check(&self, method: &Method, uri: &Uri, body: &[u8]) -> Result<Allowed, Refusal> {
        let Rules { origin, writes } = &self.rules;
        if Origin::of(uri).as_ref() != Some(origin) {
            return Err(Refusal::Origin {
                uri: Quoted::new(uri.to_string()),
                allowed: origin.clone(),
            });
        }
        let call = Call::read(method, uri, body)?;
        writes.permit(&call)?;
        let body = call.body();
        let mut headers = HeaderMap::from_iter([(ACCEPT, JSON), (USER_AGENT, AGENT)]);
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        Ok(Allowed {
            method: call.method(),
            uri: origin.at(call.target()),
            headers,
            body,
            call,
        })
    }
}

impl Writes {
    fn permit(&self, call: &Call) -> Result<(), Refusal> {
        match call {
            Call::Graph | Call::Principal(_) | Call::Named(_) | Call::Assignments { .. } => Ok(()),
            Call::Assign {
                resource,
                principal,
                ..
            } => {
                let asked = Self::Assign {
                    resource: *resource,
                    principal: *principal,
                };
                (*self == asked)
                    .then_some(())
                    .ok_or(Refusal::AssignmentNotAsked {
                        principal: *principal,
                        resource: *resource,
                    })
            }
            Call::Revoke {
                resource,
                assignment,
            } => match self {
                Self::Revoke {
                    resource: theirs,
                    assignments,
                } if theirs == resource && assignments.contains(assignment) => Ok(()),
                _ => Err(Refusal::RevocationNotAsked {
                    resource: *resource,
                    assignment: assignment.clone(),
                }),
            },
        }
    }
}
