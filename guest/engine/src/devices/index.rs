//! The two numbers of a device, as types that cannot be mixed up: its index in the fleet, and its position in the
//! order of the run.

use intune_sync_ids::Guid;

use super::fleet::{Device, Fleet};
use crate::contract;

/// A device's index in the [`Fleet`], from 0, in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeviceIndex(pub(super) u32);

/// A device's position in the order of the run, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(pub(super) u32);

#[cfg(test)]
impl Position {
    pub(crate) fn nth(position: u32) -> Self {
        Self(position)
    }
}

/// The devices to sync, by their position in the order of the run.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    fleet: Fleet,
    order: Vec<DeviceIndex>,
    /// The same by their ids, as long as somebody needs them.
    by_id: Vec<DeviceIndex>,
}

impl Selected {
    /// The devices of `fleet` that `order` names, each at most once.
    pub(crate) fn new(fleet: Fleet, order: Vec<DeviceIndex>) -> Self {
        Self {
            fleet,
            order,
            by_id: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.order.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn device(&self, position: Position) -> &Device {
        self.fleet.device(self.index(position))
    }

    pub(crate) fn device_mut(&mut self, position: Position) -> &mut Device {
        let index = self.index(position);
        self.fleet.device_mut(index)
    }

    pub(crate) fn id(&self, position: Position) -> Guid {
        self.device(position).id()
    }

    /// Where a device is in the fleet.
    pub(crate) fn in_fleet(&self, position: Position) -> (&Fleet, DeviceIndex) {
        (&self.fleet, self.index(position))
    }

    /// The devices in the order of their ids, from this number on, at most this many.
    pub(crate) fn by_id(&mut self, first: u32, most: usize) -> Vec<contract::Selected> {
        let Self {
            fleet,
            order,
            by_id,
        } = self;
        if by_id.len() != order.len() {
            by_id.clone_from(order);
            by_id.sort_unstable_by_key(|at| fleet.device(*at).id());
        }
        let part = by_id.iter().skip(first as usize).take(most);
        let selected = |at: &DeviceIndex| {
            let device = fleet.device(*at);
            contract::Selected {
                id: device.id().into(),
                name: fleet.name(*at).to_owned(),
                os: fleet.os(*at).to_owned(),
                last_sync: (device.last_sync > 0).then_some(device.last_sync),
            }
        };
        part.map(selected).collect()
    }

    /// From now on, nobody needs them in the order of their ids.
    pub(crate) fn forget_ids(&mut self) {
        self.by_id = Vec::new();
    }

    fn index(&self, Position(position): Position) -> DeviceIndex {
        self.order[position as usize]
    }
}
