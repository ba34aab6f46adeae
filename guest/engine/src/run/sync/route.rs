//! How devices are put into requests, and how many of them until a sync is known to be possible.

use intune_sync_graph::{BATCH_MAX, BULK_MAX};

use crate::{
    contract::Dispatch,
    pacing::{BulkCost, Load},
};

/// How devices are put into requests now. It falls back, and never forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Route {
    Single,
    Batch,
    Bulk {
        /// Devices a call.
        chunk: usize,
    },
}

/// Whether a write has shown that syncs are possible at all.
///
/// What refuses one device for a missing role or for Multi Admin Approval refuses all of them. So nothing else is sent
/// until one write has brought the definite outcome of a device: such a refusal costs one request, and not all that
/// could be in flight by then. A throttled or transient failure, or a refused route, leaves the question open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Opening {
    /// One write at a time, with [`Opening::DEVICES`] at most.
    Unproven,
    /// As many as the route allows.
    Proven,
}

impl Route {
    pub(in crate::run) fn new(dispatch: Dispatch) -> Self {
        match dispatch {
            Dispatch::Single => Self::Single,
            Dispatch::Batch => Self::Batch,
            Dispatch::Bulk => Self::Bulk { chunk: BULK_MAX },
        }
    }

    /// The load of a request with this many devices.
    pub(in crate::run) fn load(self, devices: u32) -> Load {
        match self {
            Self::Single | Self::Batch => Load::Syncs(devices),
            Self::Bulk { .. } => Load::Bulk(devices),
        }
    }

    /// The most devices in a request.
    fn devices_max(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Batch => BATCH_MAX,
            Self::Bulk { chunk } => chunk,
        }
    }

    /// Far below the 128 connections that one of the runtimes allows. Enough for requests that carry a single sync, as
    /// in a trial, to come to the ceiling although each takes most of a second.
    fn in_flight_max(self, bulk_cost: BulkCost) -> usize {
        match (self, bulk_cost) {
            (Self::Single, _) => 32,
            (Self::Bulk { .. }, BulkCost::Call) => 1,
            (Self::Batch, _) | (Self::Bulk { .. }, BulkCost::Device) => 16,
        }
    }
}

impl Opening {
    /// The most devices of a write that leaves alone. If all are refused, few are lost; if one is refused for a reason
    /// that is its own, the others show it.
    const DEVICES: usize = 4;

    /// The load of the largest request.
    pub(in crate::run) fn load_max(self, route: Route) -> Load {
        let devices = match self {
            Self::Unproven => route.devices_max().min(Self::DEVICES),
            Self::Proven => route.devices_max(),
        };
        route.load(u32::try_from(devices).unwrap_or(u32::MAX))
    }

    /// The most requests in flight.
    pub(super) fn in_flight_max(self, route: Route, bulk_cost: BulkCost) -> usize {
        match self {
            Self::Unproven => 1,
            Self::Proven => route.in_flight_max(bulk_cost),
        }
    }
}
