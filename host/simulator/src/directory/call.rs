//! What a request asks of the directory.

use http::Method;
use serde::Deserialize;
use url::form_urlencoded;

use crate::errors::Refusal;
use crate::guid::Guid;

/// What a request asks of the directory.
pub(crate) enum Call {
    /// One service principal.
    Principal(Key),
    /// Those of a `displayName`.
    Named(Result<String, Refusal>),
    /// The app roles assigned to one.
    Assignments(Guid),
    /// Assigns an app role of the service principal `on`.
    Assign {
        on: Guid,
        wanted: Result<Assignment, Refusal>,
    },
    /// Takes an assignment on the service principal `on` away.
    Revoke { on: Guid, assignment: String },
}

/// What names a service principal.
pub(crate) enum Key {
    Id(Guid),
    AppId(Guid),
}

/// An assignment that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assignment {
    pub(super) principal: Guid,
    pub(super) resource: Guid,
    pub(super) role: Guid,
}

impl Call {
    /// Reads a request whose path begins after the version; none if it is not for the directory, or is none of these.
    pub(crate) fn read(method: &Method, path: &str, query: &str, body: &[u8]) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
        match (segments.as_slice(), method) {
            ([all], &Method::GET) if is(all, "servicePrincipals") => {
                Some(Self::Named(name_in(query)))
            }
            ([one], &Method::GET) => app_id(one).map(Key::AppId).map(Self::Principal),
            ([all, id], &Method::GET) if is(all, "servicePrincipals") => {
                Guid::parse(id).map(Key::Id).map(Self::Principal)
            }
            ([all, id, assignments], &Method::GET)
                if is(all, "servicePrincipals") && is(assignments, "appRoleAssignments") =>
            {
                Guid::parse(id).map(Self::Assignments)
            }
            ([all, id, assigned], &Method::POST)
                if is(all, "servicePrincipals") && is(assigned, "appRoleAssignedTo") =>
            {
                let on = Guid::parse(id)?;
                let wanted = Assignment::read(body);
                Some(Self::Assign { on, wanted })
            }
            ([all, id, assigned, assignment], &Method::DELETE)
                if is(all, "servicePrincipals") && is(assigned, "appRoleAssignedTo") =>
            {
                let on = Guid::parse(id)?;
                let assignment = (*assignment).to_owned();
                Some(Self::Revoke { on, assignment })
            }
            _ => None,
        }
    }
}

impl Assignment {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            principal_id: String,
            resource_id: String,
            app_role_id: String,
        }

        let malformed = || {
            Refusal::new(
                400,
                "Request_BadRequest",
                "The request body is not a valid appRoleAssignment.",
            )
        };
        let body: Body = serde_json::from_slice(body).map_err(|_| malformed())?;
        let id = |text: &str| Guid::parse(text).ok_or_else(malformed);
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
    Guid::parse(value).filter(|_| named)
}

/// The name in `$filter=displayName eq '…'`, in which a quote is written twice.
fn name_in(query: &str) -> Result<String, Refusal> {
    let unsupported = || Refusal::new(400, "Request_UnsupportedQuery", "Unsupported Query.");
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
