//! Service principals and their app roles, as Graph serves them from the directory.

mod request;

use intune_sync_ids::Guid;
use serde_json::{Value, json};

use self::request::{Key, Wanted};
pub(crate) use self::request::{Request, name_in};
use crate::{
    clock::{Clock, timestamp},
    config::ErrorStyle,
    entra::directory::{
        APP_ROLES, Assignment, Directory, GRAPH, NotAssignable, Principal, app_role_value,
    },
    graph::{
        access,
        error::{GraphError, RequestContext},
        exchange::Exchange,
    },
    response::Response,
};

/// Each of these permits reading service principals.
const MAY_READ: [&str; 5] = [
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// Each of these permits assigning app roles. The second is the scope of an administrator who signs in with the Azure
/// CLI.
const MAY_ASSIGN: [&str; 2] = [
    "AppRoleAssignment.ReadWrite.All",
    "Directory.AccessAsUser.All",
];

/// Executes a request to the directory.
pub(crate) fn respond(exchange: &mut Exchange<'_>, request: &Request) -> Response {
    match execute(exchange, request) {
        Ok(response) => response,
        Err(error) => {
            exchange.count(&error);
            // The directory is not Intune: its errors are plain.
            error.response(&RequestContext {
                style: ErrorStyle::Plain,
                ..exchange.context(0)
            })
        }
    }
}

fn execute(exchange: &mut Exchange<'_>, request: &Request) -> Result<Response, GraphError> {
    let roles = match request {
        Request::Assign { .. } | Request::Revoke { .. } => &MAY_ASSIGN[..],
        Request::Principal(_) | Request::Named(_) | Request::Assignments(_) => &MAY_READ,
    };
    access::may_use_directory(exchange, roles)?;
    let clock = exchange.clock;
    let directory = &mut exchange.state.directory;
    match request {
        Request::Principal(Key::Id(id)) => {
            let principal = directory.read(*id).ok_or_else(|| not_found(*id))?;
            Ok(ok(&principal_json(principal)))
        }
        Request::Principal(Key::AppId(id)) => {
            let principal = directory.of_app(*id).ok_or_else(|| not_found(*id))?;
            Ok(ok(&principal_json(principal)))
        }
        Request::Named(name) => {
            let name = name.as_ref().map_err(Clone::clone)?;
            let found: Vec<Value> = directory.named(name).map(principal_json).collect();
            Ok(ok(&json!({ "value": found })))
        }
        Request::Assignments(id) => {
            directory.read(*id).ok_or_else(|| not_found(*id))?;
            let found: Vec<Value> = directory
                .assignments_to(*id)
                .map(|assignment| assignment_json(assignment, directory, clock))
                .collect();
            Ok(ok(&json!({ "value": found })))
        }
        Request::Assign { on, wanted } => {
            let wanted = *wanted.as_ref().map_err(Clone::clone)?;
            assign(exchange, *on, wanted)
        }
        Request::Revoke { on, assignment } => {
            let revoked = (*on == GRAPH)
                .then(|| directory.revoke(assignment))
                .flatten();
            if revoked.is_none() {
                return Err(no_such(assignment));
            }
            exchange.state.ledger.statistics.roles_revoked += 1;
            exchange.state.roles_changed();
            Ok(Response::empty(204))
        }
    }
}

fn assign(exchange: &mut Exchange<'_>, on: Guid, wanted: Wanted) -> Result<Response, GraphError> {
    let Wanted {
        principal,
        resource,
        role,
    } = wanted;
    let directory = &mut exchange.state.directory;
    if on != GRAPH || resource != on {
        return Err(not_found(resource));
    }
    if app_role_value(role).is_none() {
        return Err(bad_request(
            "Permission being assigned was not found on application",
        ));
    }
    match directory.check_assignable(principal) {
        Ok(()) => {}
        Err(NotAssignable::NotFound) => return Err(not_found(principal)),
        Err(NotAssignable::NotReplicated) => {
            return Err(bad_request("Not a valid reference update."));
        }
    }
    let is_same = |assignment: &Assignment| assignment.role == role;
    if directory.assignments_to(principal).any(is_same) {
        return Err(bad_request(
            "Permission being assigned already exists on the object",
        ));
    }
    let assignment = directory.assign(principal, role, exchange.now);
    let body = assignment_json(&assignment, directory, exchange.clock);
    exchange.state.ledger.statistics.roles_assigned += 1;
    exchange.state.roles_changed();
    Ok(Response::json(201, body.to_string()))
}

fn principal_json(principal: &Principal) -> Value {
    let roles = match principal.id == GRAPH {
        true => APP_ROLES
            .map(|(id, value)| app_role_json(id, value))
            .to_vec(),
        false => Vec::new(),
    };
    json!({
        "id": principal.id.to_string(),
        "appId": principal.app_id.to_string(),
        "displayName": principal.name,
        "servicePrincipalType": principal.kind,
        "appRoles": roles,
    })
}

fn app_role_json(id: Guid, value: &str) -> Value {
    json!({
        "allowedMemberTypes": ["Application"],
        "description": value,
        "displayName": value,
        "id": id.to_string(),
        "isEnabled": true,
        "origin": "Application",
        "value": value,
    })
}

fn assignment_json(assignment: &Assignment, directory: &Directory, clock: Clock) -> Value {
    json!({
        "id": assignment.id,
        "deletedDateTime": null,
        "appRoleId": assignment.role.to_string(),
        "createdDateTime": timestamp(clock.time_of_day(assignment.created)),
        "principalDisplayName": directory.name_of(assignment.principal),
        "principalId": assignment.principal.to_string(),
        "principalType": "ServicePrincipal",
        "resourceDisplayName": "Microsoft Graph",
        "resourceId": GRAPH.to_string(),
    })
}

fn ok(body: &Value) -> Response {
    Response::json(200, body.to_string())
}

fn bad_request(message: &'static str) -> GraphError {
    GraphError::new(400, "Request_BadRequest", message)
}

fn not_found(id: Guid) -> GraphError {
    no_such(&id.to_string())
}

fn no_such(id: &str) -> GraphError {
    let message = format!(
        "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
    );
    GraphError::new(404, "Request_ResourceNotFound", message)
}
