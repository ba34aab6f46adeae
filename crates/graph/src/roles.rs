//! The application permissions that a run needs, by the names that tokens, Graph and the admin center show.
//!
//! <https://learn.microsoft.com/graph/permissions-reference>

/// Reading devices.
pub const READ: &str = "DeviceManagementManagedDevices.Read.All";
/// Reading and changing devices: more than a sync needs.
pub const READ_WRITE: &str = "DeviceManagementManagedDevices.ReadWrite.All";
/// Reading who is in a group.
pub const GROUP_MEMBERS: &str = "GroupMember.Read.All";
/// Reading the devices in a group: without it, Graph returns them without the id by which Intune knows them.
pub const ENTRA_DEVICES: &str = "Device.Read.All";
/// Syncing devices, and with it wipe, retire and delete.
pub const PRIVILEGED_OPERATIONS: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";

/// Each of these permits reading who is in a group, the least first.
pub const MAY_READ_GROUPS: [&str; 5] = [
    GROUP_MEMBERS,
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
];
/// Each of these permits reading the devices in a group, the least first.
pub const MAY_READ_DEVICES: [&str; 3] =
    [ENTRA_DEVICES, "Device.ReadWrite.All", "Directory.Read.All"];
