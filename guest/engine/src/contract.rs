//! The types of the WIT in `wit/`, generated, and the world the component implements.
//!
//! The core speaks in these types at its edges: [`Settings`] come in, [`Event`]s and a [`Summary`] go out.

use intune_sync_ids::Guid;

#[expect(missing_docs, reason = "generated; the items are documented in `wit/`")]
pub(crate) mod generated {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "engine",
        additional_derives: [PartialEq, Eq],
    });
}

pub use generated::exports::intune::sync::sync::{
    Batch, DeviceDone, Dispatch, Event, EventKind, Failure, GroupCount, Guid as WireGuid,
    Incomplete, Learned, Listed, Order, Outcome, Pace, Plan, Problem, Purpose, Retried, Retrying,
    RunStatus, Selected, Selection, Settings, SettingsError, Summary, Throttled,
};

#[cfg(target_arch = "wasm32")]
pub(crate) use generated::{
    export,
    exports::intune::sync::sync::{Guest, GuestRun, Run as RunResource},
    intune::sync::token,
};

impl From<WireGuid> for Guid {
    fn from(WireGuid { hi, lo }: WireGuid) -> Self {
        Self::from_halves(hi, lo)
    }
}

impl From<Guid> for WireGuid {
    fn from(guid: Guid) -> Self {
        let (hi, lo) = guid.halves();
        Self { hi, lo }
    }
}

/// The whole fleet, in the order of the list.
impl Default for Selection {
    fn default() -> Self {
        Self {
            os: Vec::new(),
            compliance: Vec::new(),
            owner: Vec::new(),
            agent: Vec::new(),
            category: Vec::new(),
            name: Vec::new(),
            serial: Vec::new(),
            user: Vec::new(),
            model: Vec::new(),
            enrollment_profile: Vec::new(),
            os_version: Vec::new(),
            stale_for: None,
            enrolled_since: None,
            named_only: false,
            devices: Vec::new(),
            entra_devices: Vec::new(),
            users: Vec::new(),
            device_names: Vec::new(),
            serial_numbers: Vec::new(),
            exclude_name: Vec::new(),
            exclude_devices: Vec::new(),
            exclude_device_names: Vec::new(),
            exclude_serial_numbers: Vec::new(),
            exclude_entra_devices: Vec::new(),
            exclude_users: Vec::new(),
            limit: None,
            order: Order::Listed,
            include_unsupported: false,
        }
    }
}

/// A sync of the whole fleet in November 2026: for examples and tests. A host has its own defaults.
impl Default for Settings {
    fn default() -> Self {
        Self {
            graph_root: "https://graph.microsoft.com".to_owned(),
            scope: "https://graph.microsoft.com/.default".to_owned(),
            purpose: Purpose::Sync,
            batch_size: 50,
            batch_delay: 10_000,
            max_retries: 5,
            initial_backoff: 5_000,
            dispatch: Dispatch::Batch,
            pace: Pace::Fixed,
            ceiling: 9_750,
            selection: Selection::default(),
            whole_list: false,
            learned: None,
            give_up_after: 600_000,
            started_at: 1_794_382_080_000,
            seed: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_crosses_the_border_and_comes_back() {
        let guid: Guid = "00112233-4455-6677-8899-aabbccddeeff"
            .parse()
            .expect("a GUID");
        let wire = WireGuid::from(guid);
        assert_eq!(
            (wire.hi, wire.lo),
            (0x0011_2233_4455_6677, 0x8899_aabb_ccdd_eeff)
        );
        assert_eq!(Guid::from(wire), guid);
    }
}
