//! Which devices of the list a run takes, and the query that asks Graph for them.
//!
//! The engine decides by this what to sync, and the host by the same whether it may: one rule in one place. No I/O, no
//! clock, no randomness: the program and the components build this crate alike.

mod criteria;
mod named;
mod query;

use core::time::Duration;

use intune_sync_ids::Guid;

pub use self::{
    criteria::{Criteria, last_sync},
    named::Named,
    query::{QueryForm, list_query, properties},
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
    /// The last check-in is at least this long ago.
    pub stale_for: Option<Duration>,
    /// Only these devices.
    pub devices: Vec<Guid>,
    /// At most this many devices.
    pub limit: Option<u32>,
    /// Those that have gone the longest without a check-in come first.
    pub stalest_first: bool,
    /// Also devices that cannot sync.
    pub include_unsupported: bool,
}
