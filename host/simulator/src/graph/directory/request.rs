//! A request to the directory.

use http::Method;
use intune_sync_ids::Guid;
use serde::Deserialize;
use url::form_urlencoded;

use crate::graph::error::GraphError;

/// A request to the directory.
pub(crate) enum Request {
    /// One service principal.
    Principal(Key),
    /// The service principals with a `displayName`.
    Named(Result<String, GraphError>),
    /// The app roles assigned to one.
    Assignments(Guid),
    /// Assigns an app role of the service principal `on`.
    Assign {
        on: Guid,
        wanted: Result<Wanted, GraphError>,
    },
    /// Revokes an assignment on the service principal `on`.
    Revoke { on: Guid, assignment: String },
}

/// An id of a service principal.
pub(crate) enum Key {
    Id(Guid),
    AppId(Guid),
}

/// A requested assignment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) principal: Guid,
    pub(crate) resource: Guid,
    pub(crate) role: Guid,
}

impl Request {
    /// Reads a request whose path begins after the version; `None` if it is not one of these.
    pub(crate) fn read(method: &Method, path: &str, query: &str, body: &[u8]) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
        match (segments.as_slice(), method) {
            ([all], &Method::GET) if is(all, "servicePrincipals") => {
                Some(Self::Named(name_in(query)))
            }
            ([one], &Method::GET) => app_id(one).map(Key::AppId).map(Self::Principal),
            ([all, id], &Method::GET) if is(all, "servicePrincipals") => {
                id.parse().ok().map(Key::Id).map(Self::Principal)
            }
            ([all, id, assignments], &Method::GET)
                if is(all, "servicePrincipals") && is(assignments, "appRoleAssignments") =>
            {
                id.parse().ok().map(Self::Assignments)
            }
            ([all, id, assigned], &Method::POST)
                if is(all, "servicePrincipals") && is(assigned, "appRoleAssignedTo") =>
            {
                let on = id.parse().ok()?;
                let wanted = Wanted::read(body);
                Some(Self::Assign { on, wanted })
            }
            ([all, id, assigned, assignment], &Method::DELETE)
                if is(all, "servicePrincipals") && is(assigned, "appRoleAssignedTo") =>
            {
                let on = id.parse().ok()?;
                let assignment = (*assignment).to_owned();
                Some(Self::Revoke { on, assignment })
            }
            _ => None,
        }
    }
}

impl Wanted {
    fn read(body: &[u8]) -> Result<Self, GraphError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            principal_id: String,
            resource_id: String,
            app_role_id: String,
        }

        let malformed = || {
            GraphError::new(
                400,
                "Request_BadRequest",
                "The request body is not a valid appRoleAssignment.",
            )
        };
        let body: Body = serde_json::from_slice(body).map_err(|_| malformed())?;
        let id = |text: &str| text.parse().map_err(|_| malformed());
        Ok(Self {
            principal: id(&body.principal_id)?,
            resource: id(&body.resource_id)?,
            role: id(&body.app_role_id)?,
        })
    }
}

/// The id in `servicePrincipals(appId='…')`.
fn app_id(segment: &str) -> Option<Guid> {
    let (all, key) = segment.split_once('(')?;
    let (name, value) = key.strip_suffix(')')?.split_once('=')?;
    let value = value.strip_prefix('\'')?.strip_suffix('\'')?;
    let named = all.eq_ignore_ascii_case("servicePrincipals") && name.eq_ignore_ascii_case("appId");
    value.parse().ok().filter(|_| named)
}

/// The name in `$filter=displayName eq '…'`, in which quotes are doubled.
pub(crate) fn name_in(query: &str) -> Result<String, GraphError> {
    let unsupported = || GraphError::new(400, "Request_UnsupportedQuery", "Unsupported Query.");
    let filter = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "$filter")
        .ok_or_else(unsupported)?;
    let (name, literal) = filter.1.split_once(" eq ").ok_or_else(unsupported)?;
    let inside = literal
        .strip_prefix('\'')
        .and_then(|literal| literal.strip_suffix('\''))
        .filter(|inside| !inside.replace("''", "").contains('\''));
    match inside {
        Some(inside) if name == "displayName" => Ok(inside.replace("''", "'")),
        _ => Err(unsupported()),
    }
}
