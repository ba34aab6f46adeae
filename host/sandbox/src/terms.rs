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
        stale_for,
        devices,
        limit,
        order,
        include_unsupported,
    } = wire.clone();
    Selection {
        os,
        compliance,
        owner,
        agent,
        category,
        name,
        stale_for: stale_for.map(Duration::from_millis),
        devices: devices.into_iter().map(guid).collect(),
        limit,
        stalest_first: order == Order::Stalest,
        include_unsupported,
    }
}

/// An id as it crosses the border.
pub(crate) fn guid(wit::Guid { hi, lo }: wit::Guid) -> Guid {
    Guid::from_halves(hi, lo)
}
