//! The devices of the tenant.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::share::Share;

/// The devices of the tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FleetConfig {
    /// How many devices there are.
    pub devices: u32,
    /// How many devices each user has: the first ones belong to user 0.
    pub devices_per_user: NonZeroU32,
    /// Their operating systems.
    pub platforms: Platforms,
    /// Share with a `managementAgent` that has no channel to Intune (`eas`, `jamf`, …); a sync fails with 400.
    pub unsyncable_agents: Share,
    /// Share with a `managementState` that makes a sync pointless (`wipePending`, `retirePending`, …).
    pub unsyncable_states: Share,
    /// The `deviceCategoryDisplayName`s, evenly distributed.
    pub categories: Vec<String>,
    /// Share with `complianceState` `noncompliant`.
    pub noncompliant: Share,
    /// Share with `complianceState` `inGracePeriod`.
    pub in_grace_period: Share,
    /// Share with `managedDeviceOwnerType` `personal`; the others are `company`.
    pub personal: Share,
    /// `lastSyncDateTime` lies at most this many hours before the start.
    pub last_sync_hours: u32,
    /// Share that never checked in (`0001-01-01T00:00:00Z`).
    pub never_synced: Share,
    /// Share of devices some of whose properties are null or absent.
    pub sparse: Share,
    /// Share with one and the same name.
    pub same_name: Share,
    /// Share that the list omits although a sync works.
    pub unlisted: Share,
    /// The longest that a synced device takes to check in, which updates its `lastSyncDateTime`, in seconds.
    pub check_in_seconds: u32,
    /// Share of devices that never check in, even after a sync.
    pub offline: Share,
    /// Share that the list still shows although they were deleted: a sync fails with 404.
    pub gone: Share,
    /// Share that cannot be synced: a sync fails with 400.
    pub unsupported: Share,
    /// Share whose sync always fails with 500.
    pub failing: Share,
    /// Share that the identity may not sync, though it may sync others: 403.
    pub forbidden: Share,
    /// Share whose sync always fails with 401.
    pub unauthorized: Share,
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self {
            devices: 1_000,
            devices_per_user: NonZeroU32::MIN,
            platforms: Platforms::default(),
            unsyncable_agents: Share::NONE,
            unsyncable_states: Share::NONE,
            categories: vec!["Sales".into(), "Warehouse".into(), "Head office".into()],
            noncompliant: Share::percent(10),
            in_grace_period: Share::percent(5),
            personal: Share::percent(20),
            last_sync_hours: 24 * 14,
            never_synced: Share::percent(2),
            sparse: Share::NONE,
            same_name: Share::NONE,
            unlisted: Share::NONE,
            check_in_seconds: 300,
            offline: Share::NONE,
            gone: Share::NONE,
            unsupported: Share::NONE,
            failing: Share::NONE,
            forbidden: Share::NONE,
            unauthorized: Share::NONE,
        }
    }
}

/// How many devices run which platform, as weights. If all are 0, all are Windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Platforms {
    /// `Windows`.
    pub windows: u32,
    /// `iOS`, and a fifth of these `iPadOS`.
    pub ios: u32,
    /// `macOS`.
    pub macos: u32,
    /// `Android`.
    pub android: u32,
    /// `Linux (ubuntu)`, which cannot be synced: 400.
    pub linux: u32,
    /// `ChromeOS`, which cannot be synced: 400.
    pub chrome_os: u32,
}

impl Default for Platforms {
    fn default() -> Self {
        Self {
            windows: 60,
            ios: 20,
            macos: 10,
            android: 10,
            linux: 0,
            chrome_os: 0,
        }
    }
}
