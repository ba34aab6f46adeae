//! The settings of a run, as custody holds the component to them.

use std::time::Duration;

use intune_sync_egress::Terms;
use intune_sync_graph::GraphRoot;
use intune_sync_ids::{Guid, Origin};
use intune_sync_selection::Selection;
use intune_sync_wit::{self as wit, Order, Settings};

/// What a run with these settings may do at this origin.
pub(crate) fn of(settings: &Settings, origin: &Origin) -> Terms {
    Terms {
        root: GraphRoot::at(origin.clone()),
        selection: selection(&settings.selection),
        started_at: Duration::from_millis(settings.started_at),
        max_retries: settings.max_retries,
    }
}

fn selection(wire: &wit::Selection) -> Selection {
    let wit::Selection {
        os,
        compliance,
        owner,
        agent,
        category,
        name,
        serial,
        user,
        model,
        enrollment_profile,
        os_version,
        stale_for,
        enrolled_since,
        named_only,
        devices,
        entra_devices,
        users,
        device_names,
        serial_numbers,
        exclude_name,
        exclude_devices,
        exclude_device_names,
        exclude_serial_numbers,
        exclude_entra_devices,
        exclude_users,
        limit,
        order,
        include_unsupported,
    } = wire.clone();
    let guids = |ids: Vec<wit::Guid>| ids.into_iter().map(guid).collect();
    Selection {
        os,
        compliance,
        owner,
        agent,
        category,
        name,
        serial,
        user,
        model,
        enrollment_profile,
        os_version,
        stale_for: stale_for.map(Duration::from_millis),
        enrolled_since: enrolled_since.map(Duration::from_millis),
        named_only,
        devices: guids(devices),
        entra_devices: guids(entra_devices),
        users: guids(users),
        device_names,
        serial_numbers,
        exclude_name,
        exclude_devices: guids(exclude_devices),
        exclude_device_names,
        exclude_serial_numbers,
        exclude_entra_devices: guids(exclude_entra_devices),
        exclude_users: guids(exclude_users),
        limit,
        stalest_first: order == Order::Stalest,
        include_unsupported,
    }
}

/// An id as it crosses the border.
pub(crate) fn guid(wit::Guid { hi, lo }: wit::Guid) -> Guid {
    Guid::from_halves(hi, lo)
}
