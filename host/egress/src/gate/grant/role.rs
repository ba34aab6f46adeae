//! The app roles that `grant` may assign, with their ids.

use std::fmt;

use intune_sync_graph::roles;
use intune_sync_ids::Guid;

/// An application permission of Microsoft Graph that can be granted: there are no others.
///
/// <https://learn.microsoft.com/graph/permissions-reference>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reading devices.
    Read,
    /// Reading and changing them: what the runbook was given, and more than a sync takes.
    ReadWrite,
    /// Syncs, and with them wipe, retire and delete.
    PrivilegedOperations,
    /// Reading who is in a group.
    GroupMembers,
    /// Reading the devices in a group.
    EntraDevices,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::ReadWrite,
        Self::PrivilegedOperations,
        Self::GroupMembers,
        Self::EntraDevices,
    ];

    /// What `--group` needs besides.
    pub const GROUPS: [Self; 2] = [Self::GroupMembers, Self::EntraDevices];

    /// Its name in tokens and in Graph.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Read => roles::READ,
            Self::ReadWrite => roles::READ_WRITE,
            Self::PrivilegedOperations => roles::PRIVILEGED_OPERATIONS,
            Self::GroupMembers => roles::GROUP_MEMBERS,
            Self::EntraDevices => roles::ENTRA_DEVICES,
        }
    }

    /// Its id, which is the same in every tenant.
    pub const fn id(self) -> Guid {
        match self {
            Self::Read => Guid::from_halves(0x2f51_be20_0bb4_4fed, 0xbf7b_db94_6066_c75e),
            Self::ReadWrite => Guid::from_halves(0x2433_33ab_4d21_40cb, 0xa475_3624_1daa_0842),
            Self::PrivilegedOperations => {
                Guid::from_halves(0x5b07_b0dd_2377_4e44, 0xa38d_703f_09a0_dc3c)
            }
            Self::GroupMembers => Guid::from_halves(0x9883_0695_27a2_44f7, 0x8c18_0c3e_bc96_98f6),
            Self::EntraDevices => Guid::from_halves(0x7438_b122_aefc_4978, 0x80ed_43db_9fcc_7715),
        }
    }

    /// The role with this id.
    pub fn with_id(id: Guid) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in Microsoft's reference.
    #[test]
    fn the_ids_are_microsofts() {
        for (role, id) in [
            (Role::Read, "2f51be20-0bb4-4fed-bf7b-db946066c75e"),
            (Role::ReadWrite, "243333ab-4d21-40cb-a475-36241daa0842"),
            (
                Role::PrivilegedOperations,
                "5b07b0dd-2377-4e44-a38d-703f09a0dc3c",
            ),
            (Role::GroupMembers, "98830695-27a2-44f7-8c18-0c3ebc9698f6"),
            (Role::EntraDevices, "7438b122-aefc-4978-80ed-43db9fcc7715"),
        ] {
            assert_eq!(role.id().to_string(), id);
            assert_eq!(Role::with_id(role.id()), Some(role));
        }
    }
}
