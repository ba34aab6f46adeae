//! The directory: service principals, and the app roles of Microsoft Graph that are assigned to them.

mod call;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::{Clock, Millis, timestamp};
use crate::config::{DirectoryConfig, ErrorStyle, TokensConfig};
use crate::dice::{Dice, Matter};
use crate::errors::{About, Refusal};
use crate::exchange::Exchange;
use crate::guid::Guid;
use crate::reply::Reply;
use crate::tokens::{Caller, base64url};

pub(crate) use self::call::Call;
use self::call::{Assignment as Wanted, Key};

/// The object id of the identity's service principal.
pub(crate) const IDENTITY: &str = "00000000-0000-4000-8000-0000000b0001";
/// The id of the identity's application.
pub(crate) const IDENTITY_APP: &str = "00000000-0000-4000-8000-0000000a0001";

/// The object id of Microsoft Graph's service principal, which differs from tenant to tenant.
const GRAPH: &str = "00000000-0000-4000-8000-0000000c0001";
/// The id of Microsoft Graph's application, the same everywhere.
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// Some of Microsoft Graph's app roles, with their real ids.
/// <https://learn.microsoft.com/graph/permissions-reference>
const APP_ROLES: [(&str, &str); 7] = [
    (
        "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
        "Application.Read.All",
    ),
    (
        "06b708a9-e830-4db3-a914-8e69da51d44f",
        "AppRoleAssignment.ReadWrite.All",
    ),
    (
        "2f51be20-0bb4-4fed-bf7b-db946066c75e",
        "DeviceManagementManagedDevices.Read.All",
    ),
    (
        "243333ab-4d21-40cb-a475-36241daa0842",
        "DeviceManagementManagedDevices.ReadWrite.All",
    ),
    (
        "5b07b0dd-2377-4e44-a38d-703f09a0dc3c",
        "DeviceManagementManagedDevices.PrivilegedOperations.All",
    ),
    (
        "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
        "RoleManagement.ReadWrite.Directory",
    ),
    ("df021288-bdef-4463-88db-98f22de89214", "User.Read.All"),
];

/// What permits reading service principals.
const MAY_READ: [&str; 5] = [
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// What permits assigning app roles. The second is what the Azure CLI signs administrators in with.
const MAY_ASSIGN: [&str; 2] = [
    "AppRoleAssignment.ReadWrite.All",
    "Directory.AccessAsUser.All",
];

/// The directory of one tenant.
pub(crate) struct Directory {
    principals: Vec<Principal>,
    assignments: Vec<Assignment>,
    /// Reads that do not find the identity yet.
    unreplicated_reads: u32,
    /// Assignments that do not find it yet.
    unreplicated_assignments: u32,
    dice: Dice,
    clock: Clock,
    /// Assignments that were ever made.
    made: u64,
}

struct Principal {
    id: Guid,
    app_id: Guid,
    name: String,
    kind: String,
}

struct Assignment {
    id: String,
    principal: Guid,
    role: Guid,
    created: Millis,
}

impl Directory {
    pub(crate) fn new(
        config: &DirectoryConfig,
        tokens: &TokensConfig,
        dice: Dice,
        clock: Clock,
    ) -> Self {
        let principal = |id, app_id, name: &str, kind: &str| Principal {
            id,
            app_id,
            name: name.to_owned(),
            kind: kind.to_owned(),
        };
        let mut principals = vec![
            principal(
                known(GRAPH),
                known(GRAPH_APP),
                "Microsoft Graph",
                "Application",
            ),
            principal(
                known(IDENTITY),
                known(IDENTITY_APP),
                &config.name,
                "ManagedIdentity",
            ),
        ];
        // One whose ids are none is in no directory.
        principals.extend(config.principals.iter().filter_map(|other| {
            let (id, app_id) = (Guid::parse(&other.id)?, Guid::parse(&other.app_id)?);
            Some(principal(id, app_id, &other.name, &other.kind))
        }));
        let mut directory = Self {
            principals,
            assignments: Vec::new(),
            unreplicated_reads: config.unreplicated_reads,
            unreplicated_assignments: config.unreplicated_assignments,
            dice,
            clock,
            made: 0,
        };
        for role in tokens.roles.iter().filter_map(|role| role_named(role)) {
            directory.assign(known(IDENTITY), role, 0);
        }
        directory
    }

    /// The app roles that are assigned to the identity.
    pub(crate) fn roles(&self) -> Arc<[String]> {
        self.assignments
            .iter()
            .filter(|assignment| assignment.principal == known(IDENTITY))
            .filter_map(|assignment| role_value(assignment.role))
            .map(str::to_owned)
            .collect()
    }

    fn assign(&mut self, principal: Guid, role: Guid, now: Millis) {
        let number = self.made;
        self.made += 1;
        let id: Vec<u8> = (0..4)
            .flat_map(|part| {
                self.dice
                    .roll(Matter::Assignment, number << 2 | part)
                    .to_be_bytes()
            })
            .collect();
        self.assignments.push(Assignment {
            id: base64url(&id),
            principal,
            role,
            created: now,
        });
    }

    /// Reads the principal of this id; none where there is none, or none yet.
    fn read(&mut self, id: Guid) -> Result<&Principal, Refusal> {
        let unknown = id == known(IDENTITY) && self.unreplicated_reads > 0;
        if unknown {
            self.unreplicated_reads -= 1;
        }
        let mut all = self.principals.iter();
        all.find(|principal| principal.id == id && !unknown)
            .ok_or_else(|| not_found(id))
    }

    /// Whether a role can be assigned to this principal.
    fn can_be_assigned_to(&mut self, id: Guid) -> Result<(), Refusal> {
        if id == known(IDENTITY) && self.unreplicated_assignments > 0 {
            self.unreplicated_assignments -= 1;
            return Err(match self.unreplicated_assignments % 2 {
                0 => not_found(id),
                _ => bad_request("Not a valid reference update."),
            });
        }
        match self.principals.iter().any(|principal| principal.id == id) {
            true => Ok(()),
            false => Err(not_found(id)),
        }
    }

    fn written(&self, assignment: &Assignment) -> Value {
        let name = |id: Guid| {
            let found = self.principals.iter().find(|principal| principal.id == id);
            found.map_or("", |principal| &principal.name)
        };
        let kind = "ServicePrincipal";
        json!({
            "id": assignment.id,
            "deletedDateTime": null,
            "appRoleId": assignment.role.to_string(),
            "createdDateTime": timestamp(self.clock.time_of_day(assignment.created)),
            "principalDisplayName": name(assignment.principal),
            "principalId": assignment.principal.to_string(),
            "principalType": kind,
            "resourceDisplayName": "Microsoft Graph",
            "resourceId": GRAPH,
        })
    }
}

/// Does what a request asks of the directory.
pub(crate) fn answer(exchange: &mut Exchange<'_>, call: &Call) -> Reply {
    match carry_out(exchange, call) {
        Ok(reply) => reply,
        Err(refusal) => {
            exchange.count(&refusal);
            // The directory is not Intune: its errors are plain.
            let about = About {
                style: ErrorStyle::Plain,
                ..exchange.about(0)
            };
            Reply::refused(&refusal, &about)
        }
    }
}

fn carry_out(exchange: &mut Exchange<'_>, call: &Call) -> Result<Reply, Refusal> {
    let needed = match call {
        Call::Assign { .. } | Call::Revoke { .. } => &MAY_ASSIGN[..],
        Call::Principal(_) | Call::Named(_) | Call::Assignments(_) => &MAY_READ,
    };
    permitted(&exchange.caller, needed)?;
    let now = exchange.now;
    let directory = &mut exchange.state.directory;
    match call {
        Call::Principal(Key::Id(id)) => Ok(ok(&directory.read(*id)?.written())),
        Call::Principal(Key::AppId(id)) => {
            let mut all = directory.principals.iter();
            match all.find(|principal| principal.app_id == *id) {
                Some(principal) => Ok(ok(&principal.written())),
                None => Err(not_found(*id)),
            }
        }
        Call::Named(Ok(name)) => {
            let alike = |principal: &&Principal| principal.name.eq_ignore_ascii_case(name);
            let found = directory.principals.iter().filter(alike);
            let found: Vec<Value> = found.map(Principal::written).collect();
            Ok(ok(&json!({ "value": found })))
        }
        Call::Assignments(id) => {
            directory.read(*id)?;
            let theirs = directory
                .assignments
                .iter()
                .filter(|assignment| assignment.principal == *id);
            let theirs: Vec<Value> = theirs.map(|one| directory.written(one)).collect();
            Ok(ok(&json!({ "value": theirs })))
        }
        Call::Assign { on, wanted } => {
            let Wanted {
                principal,
                resource,
                role,
            } = *wanted.as_ref().map_err(Clone::clone)?;
            if *on != known(GRAPH) || resource != *on {
                return Err(not_found(resource));
            }
            if role_value(role).is_none() {
                return Err(bad_request(
                    "Permission being assigned was not found on application",
                ));
            }
            directory.can_be_assigned_to(principal)?;
            let same = |one: &Assignment| one.principal == principal && one.role == role;
            if directory.assignments.iter().any(same) {
                return Err(bad_request(
                    "Permission being assigned already exists on the object",
                ));
            }
            directory.assign(principal, role, now);
            let made = directory.assignments.last();
            let written = made.map(|made| directory.written(made)).unwrap_or_default();
            exchange.state.ledger.statistics.roles_assigned += 1;
            exchange.state.roles_changed();
            Ok(Reply::json(201, written.to_string().into_bytes()))
        }
        Call::Revoke { on, assignment } => {
            let found = directory
                .assignments
                .iter()
                .position(|known| known.id == *assignment);
            let Some(found) = found.filter(|_| *on == known(GRAPH)) else {
                return Err(no_such(assignment));
            };
            directory.assignments.remove(found);
            exchange.state.ledger.statistics.roles_revoked += 1;
            exchange.state.roles_changed();
            Ok(Reply::empty(204))
        }
        Call::Named(Err(refusal)) => Err(refusal.clone()),
    }
}

impl Principal {
    fn written(&self) -> Value {
        let roles = match self.id == known(GRAPH) {
            true => APP_ROLES.map(|(id, value)| app_role(id, value)).to_vec(),
            false => Vec::new(),
        };
        json!({
            "id": self.id.to_string(),
            "appId": self.app_id.to_string(),
            "displayName": self.name,
            "servicePrincipalType": self.kind,
            "appRoles": roles,
        })
    }
}

fn app_role(id: &str, value: &str) -> Value {
    json!({
        "allowedMemberTypes": ["Application"],
        "description": value,
        "displayName": value,
        "id": id,
        "isEnabled": true,
        "origin": "Application",
        "value": value,
    })
}

fn permitted(caller: &Caller, needed: &[&str]) -> Result<(), Refusal> {
    if needed.iter().any(|role| caller.has(role)) {
        return Ok(());
    }
    Err(Refusal::new(
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    ))
}

fn role_named(value: &str) -> Option<Guid> {
    let mut all = APP_ROLES.iter();
    all.find(|(_, known)| *known == value)
        .map(|(id, _)| known(id))
}

fn role_value(role: Guid) -> Option<&'static str> {
    let mut all = APP_ROLES.iter();
    all.find(|(id, _)| known(id) == role)
        .map(|(_, value)| *value)
}

fn ok(body: &Value) -> Reply {
    Reply::json(200, body.to_string().into_bytes())
}

fn bad_request(message: &'static str) -> Refusal {
    Refusal::new(400, "Request_BadRequest", message)
}

fn not_found(id: Guid) -> Refusal {
    no_such(&id.to_string())
}

fn no_such(id: &str) -> Refusal {
    let message = format!(
        "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
    );
    Refusal::new(404, "Request_ResourceNotFound", message)
}

/// A GUID of this file.
fn known(text: &str) -> Guid {
    Guid::parse(text).expect("the constants here are GUIDs: a test parses them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_guids() {
        for id in [GRAPH, GRAPH_APP, IDENTITY, IDENTITY_APP] {
            assert_eq!(known(id).to_string(), id);
        }
        for (id, value) in APP_ROLES {
            assert_eq!(role_value(known(id)), Some(value));
            assert_eq!(role_named(value), Some(known(id)));
        }
    }
}
