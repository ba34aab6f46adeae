use http::uri::PathAndQuery;
use http::{Method, Uri};
use intune_sync_ids::{Guid, Quoted};
use serde::{Deserialize, Serialize};

use crate::{AssignmentId, Name, Refusal, Role};

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

/// A request that may leave, as far as what it says goes.
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
        /// Whose.
        principal: Guid,
        /// What the link to this page has behind `$skiptoken=`; `None` for the first one.
        skip_token: Option<String>,
    },
    /// Assigns a role.
    Assign {
        /// The service principal of Microsoft Graph.
        resource: Guid,
        /// To whom.
        principal: Guid,
        /// Which.
        role: Role,
    },
    /// Takes an assignment away.
    Revoke {
        /// The service principal of Microsoft Graph.
        resource: Guid,
        /// Which.
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

    /// The call that a link to the next page of `principal`'s app roles is: the same path and a `$skiptoken`.
    pub fn next_page(principal: Guid, link: &Uri) -> Option<Self> {
        let call = Self::read(&Method::GET, link, b"").ok()?;
        let same = |owner: &Guid| *owner == principal;
        matches!(&call, Self::Assignments { principal, skip_token: Some(_) } if same(principal))
            .then_some(call)
    }

    /// Reads a request, whatever its origin.
    ///
    /// Paths and queries are compared byte for byte, so that there is nothing to decode, fold or resolve, save in the
    /// name that is looked for; of that one spelling is taken.
    pub(crate) fn read(method: &Method, uri: &Uri, body: &[u8]) -> Result<Self, Refusal> {
        let path = uri.path();
        let call = match path {
            GRAPH => Some(Self::Graph).filter(|_| uri.query() == Some(GRAPH_QUERY)),
            ALL => uri.query().and_then(named),
            _ => Self::below_all(path, uri.query(), body).ok_or_else(|| Refusal::Path {
                method: Quoted::new(method.as_str()),
                path: Quoted::new(path),
            })??,
        };
        let call = call.ok_or_else(|| Refusal::Query {
            query: Quoted::new(uri.query().unwrap_or_default()),
        })?;
        if *method != call.method() {
            return Err(Refusal::Method {
                method: Quoted::new(method.as_str()),
                path: Quoted::new(path),
                allowed: call.method(),
            });
        }
        if !matches!(call, Self::Assign { .. }) && !body.is_empty() {
            return Err(Refusal::BodyPresent { length: body.len() });
        }
        Ok(call)
    }

    /// The call at a path below the collection. The outer `None` is for a path, the inner for a query, that is not on
    /// the list.
    fn below_all(
        path: &str,
        query: Option<&str>,
        body: &[u8],
    ) -> Option<Result<Option<Self>, Refusal>> {
        let (id, rest) = match path.strip_prefix(ALL)?.strip_prefix('/')?.split_once('/') {
            Some((id, rest)) => (id, Some(rest)),
            None => (path.strip_prefix(ALL)?.strip_prefix('/')?, None),
        };
        // Any other spelling of a GUID than Graph's own would be written anew, and still: one is enough.
        let guid: Guid = id.parse().ok()?;
        let guid = Some(guid).filter(|guid| guid.to_string() == id)?;
        let call = match (
            rest.map(|rest| rest.split_once('/').unwrap_or((rest, ""))),
            query,
        ) {
            (None, query) => Some(Self::Principal(guid)).filter(|_| query == Some(SELECT)),
            (Some((ASSIGNMENTS, "")), query) if rest == Some(ASSIGNMENTS) => match query {
                None => Some(Self::Assignments {
                    principal: guid,
                    skip_token: None,
                }),
                Some(query) => skip_token(query).map(|token| Self::Assignments {
                    principal: guid,
                    skip_token: Some(token),
                }),
            },
            (Some((ASSIGNED_TO, "")), query) if rest == Some(ASSIGNED_TO) => match query {
                None => match assignment(guid, body) {
                    Ok(call) => Some(call),
                    Err(refusal) => return Some(Err(refusal)),
                },
                Some(_) => None,
            },
            (Some((ASSIGNED_TO, id)), query) => {
                let assignment = id.parse().ok()?;
                Some(Self::Revoke {
                    resource: guid,
                    assignment,
                })
                .filter(|_| query.is_none())
            }
            _ => return None,
        };
        Some(Ok(call))
    }
}

fn named(query: &str) -> Option<Call> {
    let rest = query.strip_prefix(FILTER)?.strip_suffix(SELECT)?;
    Name::decode(rest.strip_suffix(FILTER_END)?).map(Call::Named)
}

/// Opaque, and Graph's own; it chooses a page of a list that may be read.
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
    // A derived struct is also read from an array.
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
