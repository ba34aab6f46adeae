//! The calls of `grant`.

use http::{HeaderMap, Method, Uri, uri::PathAndQuery};
use intune_sync_ids::{Guid, Quoted};
use serde::{Deserialize, Serialize};

use super::{AssignmentId, Name, Refusal, Role};
use crate::gate::{self, Proposal, expect_method, expect_no_body, guid, not_listed};

/// The application id of Microsoft Graph, the same in every tenant.
pub const GRAPH_APP: Guid = Guid::from_halves(0x0000_0003_0000_0000, 0xc000_0000_0000_0000);

/// The most bytes in a `$skiptoken`.
pub const SKIP_TOKEN_LENGTH: usize = 4 * 1024;

const ALL: &str = "/v1.0/servicePrincipals";
const GRAPH: &str = "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";
const GRAPH_QUERY: &str = "$select=id,appRoles";
const SELECT: &str = "$select=id,displayName,appId,servicePrincipalType";
const FILTER: &str = "$filter=displayName%20eq%20%27";
const FILTER_END: &str = "%27&";
const ASSIGNMENTS: &str = "appRoleAssignments";
const ASSIGNED_TO: &str = "appRoleAssignedTo";
const SKIP_TOKEN: &str = "$skiptoken=";

/// What a request does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Reads Microsoft Graph's service principal and its app roles.
    Graph,
    /// Reads a service principal.
    Principal(Guid),
    /// Reads the service principals of a name.
    Named(Name),
    /// Reads a page of the app roles that a service principal has.
    Assignments {
        /// Whose app roles.
        principal: Guid,
        /// The `$skiptoken` of the link to this page; `None` for the first page.
        skip_token: Option<String>,
    },
    /// Assigns a role.
    Assign {
        /// The service principal of Microsoft Graph.
        resource: Guid,
        /// To which principal.
        principal: Guid,
        /// Which role.
        role: Role,
    },
    /// Revokes an assignment.
    Revoke {
        /// The service principal of Microsoft Graph.
        resource: Guid,
        /// Which one.
        assignment: AssignmentId,
    },
}

/// The body of an assignment.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    principal_id: String,
    resource_id: String,
    app_role_id: String,
}

impl Call {
    /// Its method.
    pub fn method(&self) -> Method {
        match self {
            Self::Graph | Self::Principal(_) | Self::Named(_) | Self::Assignments { .. } => {
                Method::GET
            }
            Self::Assign { .. } => Method::POST,
            Self::Revoke { .. } => Method::DELETE,
        }
    }

    /// Its path and query.
    pub fn target(&self) -> PathAndQuery {
        let text = match self {
            Self::Graph => format!("{GRAPH}?{GRAPH_QUERY}"),
            Self::Principal(id) => format!("{ALL}/{id}?{SELECT}"),
            Self::Named(name) => format!("{ALL}?{FILTER}{}{FILTER_END}{SELECT}", name.encoded()),
            Self::Assignments {
                principal,
                skip_token: None,
            } => format!("{ALL}/{principal}/{ASSIGNMENTS}"),
            Self::Assignments {
                principal,
                skip_token: Some(token),
            } => format!("{ALL}/{principal}/{ASSIGNMENTS}?{SKIP_TOKEN}{token}"),
            Self::Assign { resource, .. } => format!("{ALL}/{resource}/{ASSIGNED_TO}"),
            Self::Revoke {
                resource,
                assignment,
            } => format!("{ALL}/{resource}/{ASSIGNED_TO}/{assignment}"),
        };
        text.try_into()
            .expect("fixed texts, GUIDs and what was checked to be plain make a path and query")
    }

    /// Its body; empty where it has none.
    pub fn body(&self) -> Vec<u8> {
        let Self::Assign {
            resource,
            principal,
            role,
        } = self
        else {
            return Vec::new();
        };
        let body = Body {
            principal_id: principal.to_string(),
            resource_id: resource.to_string(),
            app_role_id: role.id().to_string(),
        };
        serde_json::to_vec(&body).expect("a struct of texts is JSON")
    }

    /// The call for a link to the next page of `principal`'s app roles: the same path and a `$skiptoken`.
    pub fn next_page(principal: Guid, link: &Uri) -> Option<Self> {
        let call = Self::read(&Proposal {
            method: &Method::GET,
            uri: link,
            headers: &HeaderMap::new(),
            body: b"",
        })
        .ok()?;
        let same = |owner: &Guid| *owner == principal;
        matches!(&call, Self::Assignments { principal, skip_token: Some(_) } if same(principal))
            .then_some(call)
    }

    /// Reads a request, whatever its origin.
    ///
    /// Paths and queries are compared byte for byte, so that there is nothing to decode, fold or resolve, except in the
    /// name that is searched for, of which only one spelling is accepted.
    pub(super) fn read(proposal: &Proposal<'_>) -> Result<Self, Refusal> {
        let Proposal {
            method, uri, body, ..
        } = *proposal;
        let path = uri.path();
        let call = match path {
            GRAPH => (uri.query() == Some(GRAPH_QUERY)).then_some(Self::Graph),
            ALL => uri.query().and_then(named),
            _ => {
                let below = path
                    .strip_prefix(ALL)
                    .and_then(|rest| rest.strip_prefix('/'));
                let place = below.and_then(Place::read);
                let place = place.ok_or_else(|| not_listed(method, path))?;
                place.call(uri.query(), body)?
            }
        };
        let call = call.ok_or_else(|| gate::Refusal::Query {
            query: Quoted::new(uri.query().unwrap_or_default()),
        })?;
        expect_method(proposal, call.method())?;
        if !matches!(call, Self::Assign { .. }) {
            expect_no_body(body)?;
        }
        Ok(call)
    }
}

/// A path below the collection of service principals.
enum Place {
    Principal(Guid),
    Assignments(Guid),
    AssignedTo(Guid),
    Assignment(Guid, AssignmentId),
}

impl Place {
    fn read(below: &str) -> Option<Self> {
        let segments: Vec<&str> = below.split('/').collect();
        Some(match segments[..] {
            [id] => Self::Principal(guid(id)?),
            [id, ASSIGNMENTS] => Self::Assignments(guid(id)?),
            [id, ASSIGNED_TO] => Self::AssignedTo(guid(id)?),
            [id, ASSIGNED_TO, assignment] => Self::Assignment(guid(id)?, assignment.parse().ok()?),
            _ => return None,
        })
    }

    /// The call with this query and body; `None` for a query that is not on the list.
    fn call(self, query: Option<&str>, body: &[u8]) -> Result<Option<Call>, Refusal> {
        Ok(match (self, query) {
            (Self::Principal(id), Some(SELECT)) => Some(Call::Principal(id)),
            (Self::Assignments(principal), None) => Some(Call::Assignments {
                principal,
                skip_token: None,
            }),
            (Self::Assignments(principal), Some(query)) => {
                skip_token(query).map(|token| Call::Assignments {
                    principal,
                    skip_token: Some(token),
                })
            }
            (Self::AssignedTo(resource), None) => Some(assignment(resource, body)?),
            (Self::Assignment(resource, assignment), None) => Some(Call::Revoke {
                resource,
                assignment,
            }),
            (Self::Principal(_) | Self::AssignedTo(_) | Self::Assignment(..), _) => None,
        })
    }
}

fn named(query: &str) -> Option<Call> {
    let rest = query.strip_prefix(FILTER)?.strip_suffix(SELECT)?;
    Name::decode(rest.strip_suffix(FILTER_END)?).map(Call::Named)
}

/// Reads a `$skiptoken`: opaque, Graph's own, and it only chooses a page of a list that may be read.
fn skip_token(query: &str) -> Option<String> {
    let token = query.strip_prefix(SKIP_TOKEN)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%+/=:!'*".contains(&byte);
    ((1..=SKIP_TOKEN_LENGTH).contains(&token.len()) && token.bytes().all(plain))
        .then(|| token.to_owned())
}

fn assignment(path: Guid, body: &[u8]) -> Result<Call, Refusal> {
    let problem = |problem: String| Refusal::Body {
        problem: Quoted::new(problem),
    };
    // Serde reads a derived struct from an array too.
    if body.first() != Some(&b'{') {
        return Err(problem("it is not a JSON object".to_owned()));
    }
    let body: Body = serde_json::from_slice(body).map_err(|error| problem(error.to_string()))?;
    let guid = |text: &str| -> Result<Guid, Refusal> {
        text.parse()
            .map_err(|error: intune_sync_ids::GuidError| problem(error.to_string()))
    };
    let (principal, resource) = (guid(&body.principal_id)?, guid(&body.resource_id)?);
    if resource != path {
        return Err(Refusal::TwoResources {
            path,
            body: resource,
        });
    }
    let id = guid(&body.app_role_id)?;
    let role = Role::with_id(id).ok_or(Refusal::Role { id })?;
    Ok(Call::Assign {
        resource,
        principal,
        role,
    })
}
