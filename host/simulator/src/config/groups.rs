//! The groups of the tenant, and what goes wrong where they are read.

use std::{num::NonZeroU32, ops::Range};

use serde::{Deserialize, Serialize};

/// The groups of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupsConfig {
    /// Each of them.
    pub groups: Vec<GroupConfig>,
    /// Members on a page; a larger `$top` gives no more.
    pub page_size: NonZeroU32,
    /// This many members of each page are listed again on the next one, as where others join in between.
    pub repeated: u32,
    /// What becomes of the first requests about groups, in turn: a status with which one fails, or 200.
    pub statuses: Vec<u16>,
}

impl Default for GroupsConfig {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            page_size: NonZeroU32::new(999).expect("999 is not 0"),
            repeated: 0,
            statuses: Vec::new(),
        }
    }
}

/// A group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupConfig {
    /// Its object id, a GUID.
    pub id: String,
    /// Its `displayName`.
    pub name: String,
    /// The devices in it, by their numbers in the fleet.
    pub devices: Range<u32>,
    /// The users in it, by their numbers; [`crate::FleetConfig::devices_per_user`] says whose device is whose.
    pub users: Range<u32>,
    /// The ids of the groups in it.
    pub groups: Vec<String>,
}
