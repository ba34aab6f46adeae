//! The tenant's directory: service principals, and the app roles of Microsoft Graph that are assigned to them.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use intune_sync_ids::Guid;

use crate::{
    clock::Millis,
    config::{DirectoryConfig, TokensConfig},
    dice::{Dice, Draw},
};

/// The object id of the identity's service principal.
pub(crate) const IDENTITY: Guid = Guid::from_bits(0x00000000_0000_4000_8000_0000000b0001);
/// The id of the identity's application.
pub(crate) const IDENTITY_APP: Guid = Guid::from_bits(0x00000000_0000_4000_8000_0000000a0001);

/// The object id of Microsoft Graph's service principal, which differs from tenant to tenant.
pub(crate) const GRAPH: Guid = Guid::from_bits(0x00000000_0000_4000_8000_0000000c0001);
/// The id of Microsoft Graph's application, the same everywhere.
const GRAPH_APP: Guid = Guid::from_bits(0x00000003_0000_0000_c000_000000000000);

/// Some of Microsoft Graph's app roles, with their real ids.
/// <https://learn.microsoft.com/graph/permissions-reference>
pub(crate) const APP_ROLES: [(Guid, &str); 9] = [
    (
        Guid::from_bits(0x9a5d68dd_52b0_4cc2_bd40_abcf44ac3a30),
        "Application.Read.All",
    ),
    (
        Guid::from_bits(0x06b708a9_e830_4db3_a914_8e69da51d44f),
        "AppRoleAssignment.ReadWrite.All",
    ),
    (
        Guid::from_bits(0x2f51be20_0bb4_4fed_bf7b_db946066c75e),
        "DeviceManagementManagedDevices.Read.All",
    ),
    (
        Guid::from_bits(0x243333ab_4d21_40cb_a475_36241daa0842),
        "DeviceManagementManagedDevices.ReadWrite.All",
    ),
    (
        Guid::from_bits(0x5b07b0dd_2377_4e44_a38d_703f09a0dc3c),
        "DeviceManagementManagedDevices.PrivilegedOperations.All",
    ),
    (
        Guid::from_bits(0x7438b122_aefc_4978_80ed_43db9fcc7715),
        "Device.Read.All",
    ),
    (
        Guid::from_bits(0x98830695_27a2_44f7_8c18_0c3ebc9698f6),
        "GroupMember.Read.All",
    ),
    (
        Guid::from_bits(0x9e3f62cf_ca93_4989_b6ce_bf83c28f9fe8),
        "RoleManagement.ReadWrite.Directory",
    ),
    (
        Guid::from_bits(0xdf021288_bdef_4463_88db_98f22de89214),
        "User.Read.All",
    ),
];

/// The directory of one tenant.
pub(crate) struct Directory {
    principals: Vec<Principal>,
    assignments: Vec<Assignment>,
    /// Reads that will not find the identity yet.
    unreplicated_reads: u32,
    /// Assignments that will not find it yet.
    unreplicated_assignments: u32,
    dice: Dice,
    /// Assignments that were ever made.
    made: u64,
}

/// A service principal.
pub(crate) struct Principal {
    pub(crate) id: Guid,
    pub(crate) app_id: Guid,
    pub(crate) name: String,
    pub(crate) kind: String,
}

/// An app role of Microsoft Graph that is assigned to a service principal.
#[derive(Clone)]
pub(crate) struct Assignment {
    pub(crate) id: String,
    pub(crate) principal: Guid,
    pub(crate) role: Guid,
    pub(crate) created: Millis,
}

/// Why no role can be assigned to a service principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAssignable {
    NotFound,
    /// It exists, but not yet where assignments are checked.
    NotReplicated,
}

impl Directory {
    pub(crate) fn new(config: &DirectoryConfig, tokens: &TokensConfig, dice: Dice) -> Self {
        let principal = |id, app_id, name: &str, kind: &str| Principal {
            id,
            app_id,
            name: name.to_owned(),
            kind: kind.to_owned(),
        };
        let mut principals = vec![
            principal(GRAPH, GRAPH_APP, "Microsoft Graph", "Application"),
            principal(IDENTITY, IDENTITY_APP, &config.name, "ManagedIdentity"),
        ];
        // Principals with invalid ids are skipped.
        principals.extend(config.principals.iter().filter_map(|other| {
            let (id, app_id) = (other.id.parse().ok()?, other.app_id.parse().ok()?);
            Some(principal(id, app_id, &other.name, &other.kind))
        }));
        let mut directory = Self {
            principals,
            assignments: Vec::new(),
            unreplicated_reads: config.unreplicated_reads,
            unreplicated_assignments: config.unreplicated_assignments,
            dice,
            made: 0,
        };
        for role in tokens.roles.iter().filter_map(|role| app_role_named(role)) {
            directory.assign(IDENTITY, role, 0);
        }
        directory
    }

    /// The app roles that are assigned to the identity.
    pub(crate) fn roles(&self) -> Arc<[String]> {
        self.assignments_to(IDENTITY)
            .filter_map(|assignment| app_role_value(assignment.role))
            .map(str::to_owned)
            .collect()
    }

    /// Reads the principal with this id; `None` if there is none, or if it is not replicated yet.
    pub(crate) fn read(&mut self, id: Guid) -> Option<&Principal> {
        if id == IDENTITY && self.unreplicated_reads > 0 {
            self.unreplicated_reads -= 1;
            return None;
        }
        self.principal(id)
    }

    /// The principal of an application.
    pub(crate) fn of_app(&self, app_id: Guid) -> Option<&Principal> {
        let mut principals = self.principals.iter();
        principals.find(|principal| principal.app_id == app_id)
    }

    /// The principals with this `displayName`, in any letter case.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &Principal> {
        let principals = self.principals.iter();
        principals.filter(move |principal| principal.name.eq_ignore_ascii_case(name))
    }

    /// The `displayName` of a principal; empty if there is none.
    pub(crate) fn name_of(&self, id: Guid) -> &str {
        self.principal(id)
            .map_or("", |principal| principal.name.as_str())
    }

    /// The roles that are assigned to a principal.
    pub(crate) fn assignments_to(&self, principal: Guid) -> impl Iterator<Item = &Assignment> {
        let assignments = self.assignments.iter();
        assignments.filter(move |assignment| assignment.principal == principal)
    }

    /// Checks that a role can be assigned to a principal.
    ///
    /// # Errors
    ///
    /// Why it cannot; for a principal that is not replicated yet, one reason or the other in turn.
    pub(crate) fn check_assignable(&mut self, id: Guid) -> Result<(), NotAssignable> {
        if id == IDENTITY && self.unreplicated_assignments > 0 {
            self.unreplicated_assignments -= 1;
            return Err(match self.unreplicated_assignments % 2 {
                0 => NotAssignable::NotFound,
                _ => NotAssignable::NotReplicated,
            });
        }
        self.principal(id)
            .map_or(Err(NotAssignable::NotFound), |_| Ok(()))
    }

    /// Assigns a role to a principal.
    pub(crate) fn assign(&mut self, principal: Guid, role: Guid, now: Millis) -> Assignment {
        let number = self.made;
        self.made += 1;
        let id: Vec<u8> = (0..4)
            .flat_map(|part| {
                self.dice
                    .roll(Draw::Assignment, number << 2 | part)
                    .to_be_bytes()
            })
            .collect();
        let assignment = Assignment {
            id: BASE64URL_NOPAD.encode(&id),
            principal,
            role,
            created: now,
        };
        self.assignments.push(assignment.clone());
        assignment
    }

    /// Removes the assignment with this id, if there is one.
    pub(crate) fn revoke(&mut self, id: &str) -> Option<Assignment> {
        let mut assignments = self.assignments.iter();
        let position = assignments.position(|assignment| assignment.id == id)?;
        Some(self.assignments.remove(position))
    }

    fn principal(&self, id: Guid) -> Option<&Principal> {
        self.principals.iter().find(|principal| principal.id == id)
    }
}

/// The value of one of Microsoft Graph's app roles.
pub(crate) fn app_role_value(role: Guid) -> Option<&'static str> {
    let mut roles = APP_ROLES.iter();
    roles.find(|(id, _)| *id == role).map(|(_, value)| *value)
}

fn app_role_named(value: &str) -> Option<Guid> {
    let mut roles = APP_ROLES.iter();
    roles.find(|(_, known)| *known == value).map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_as_in_the_documentation() {
        assert_eq!(
            GRAPH_APP.to_string(),
            "00000003-0000-0000-c000-000000000000"
        );
        assert_eq!(
            app_role_named("User.Read.All").map(|role| role.to_string()),
            Some("df021288-bdef-4463-88db-98f22de89214".to_owned())
        );
    }

    #[test]
    fn app_roles_are_distinct() {
        for (id, value) in APP_ROLES {
            assert_eq!(app_role_value(id), Some(value));
            assert_eq!(app_role_named(value), Some(id));
        }
    }
}
