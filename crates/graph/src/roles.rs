//! The application permissions that a run needs, by the names that tokens, Graph and the admin center show.
//!
//! <https://learn.microsoft.com/graph/permissions-reference>

/// Reading devices.
pub const READ: &str = "DeviceManagementManagedDevices.Read.All";
/// Reading and changing devices: more than a sync needs.
pub const READ_WRITE: &str = "DeviceManagementManagedDevices.ReadWrite.All";
/// Syncing devices, and with it wipe, retire and delete.
pub const PRIVILEGED_OPERATIONS: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";
