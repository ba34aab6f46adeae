//! Which devices of the list a run takes, and the query that asks Graph for them.
//!
//! The engine decides by this what to sync, and the host by the same whether it may: one rule in one place. No I/O, no
//! clock, no randomness: the program and the components build this crate alike.

mod criteria;
mod criterion;
mod exclusions;
mod named;
mod query;
mod selector;

use core::time::Duration;

use intune_sync_ids::Guid;

pub use self::{
    criteria::{Criteria, unix_time},
    criterion::Unmatched,
    named::{Ambiguous, Named},
    query::{QueryForm, list_query, properties},
    selector::Selector,
};

/// Which of the listed devices a run takes: the record `selection` of the contract, in types that host and component
/// share. Empty lists and absent values select all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// What `operatingSystem` begins with.
    pub os: Vec<String>,
    /// `complianceState`, whole.
    pub compliance: Vec<String>,
    /// `managedDeviceOwnerType`, whole.
    pub owner: Vec<String>,
    /// `managementAgent`, whole.
    pub agent: Vec<String>,
    /// `deviceCategoryDisplayName`, whole.
    pub category: Vec<String>,
    /// `deviceName`, as a pattern.
    pub name: Vec<String>,
    /// `serialNumber`, as a pattern.
    pub serial: Vec<String>,
    /// `userPrincipalName`, as a pattern.
    pub user: Vec<String>,
    /// `model`, as a pattern.
    pub model: Vec<String>,
    /// `enrollmentProfileName`, as a pattern.
    pub enrollment_profile: Vec<String>,
    /// What `osVersion` begins with.
    pub os_version: Vec<String>,
    /// The last check-in is at least this long ago.
    pub stale_for: Option<Duration>,
    /// The enrolment is at most this long ago.
    pub enrolled_since: Option<Duration>,
    /// Only devices that are named in one of the ways below, even if none is.
    pub named_only: bool,
    /// Named by `id`.
    pub devices: Vec<Guid>,
    /// Named by `azureADDeviceId`.
    pub entra_devices: Vec<Guid>,
    /// Named by `userId`.
    pub users: Vec<Guid>,
    /// Named by `deviceName`, whole.
    pub device_names: Vec<String>,
    /// Named by `serialNumber`, whole.
    pub serial_numbers: Vec<String>,
    /// Not those of this `deviceName`, as a pattern.
    pub exclude_name: Vec<String>,
    /// Not those of this `id`.
    pub exclude_devices: Vec<Guid>,
    /// Not those of this `deviceName`, whole.
    pub exclude_device_names: Vec<String>,
    /// Not those of this `serialNumber`, whole.
    pub exclude_serial_numbers: Vec<String>,
    /// Not those of this `azureADDeviceId`.
    pub exclude_entra_devices: Vec<Guid>,
    /// Not those of this `userId`.
    pub exclude_users: Vec<Guid>,
    /// At most this many devices.
    pub limit: Option<u32>,
    /// Those that have gone the longest without a check-in come first.
    pub stalest_first: bool,
    /// Also devices that cannot sync.
    pub include_unsupported: bool,
}

impl Selection {
    /// Whether only devices that are named are taken.
    #[must_use]
    pub fn names_devices(&self) -> bool {
        self.named_only
            || [&self.devices, &self.entra_devices, &self.users]
                .iter()
                .any(|ids| !ids.is_empty())
            || !self.device_names.is_empty()
            || !self.serial_numbers.is_empty()
    }
}
