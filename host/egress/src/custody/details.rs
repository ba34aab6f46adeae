//! What a person wants to know of the devices that a plan takes.

use std::collections::HashMap;

use intune_sync_graph::{DeviceRow, Properties, Property};
use intune_sync_ids::Guid;

use super::{
    Custody,
    devices::{Device, Devices, State},
};

/// A device that a run takes, as a person knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenDevice {
    /// Its id.
    pub id: Guid,
    /// `deviceName`.
    pub name: String,
    /// `serialNumber`.
    pub serial_number: String,
    /// `userPrincipalName`.
    pub user: String,
    /// `operatingSystem`.
    pub os: String,
    /// The last check-in, in seconds since 1970; 0 for never.
    pub last_sync: u32,
    /// Why it is not to be synced.
    pub skipped: Option<String>,
}

/// What is read for that beyond what the run needs. The component does not get it.
pub(super) const PROPERTIES: [Property; 2] = [Property::SerialNumber, Property::UserPrincipalName];

/// What is kept of the devices that the run takes.
#[derive(Debug, Default)]
pub(super) struct Details(HashMap<Guid, TakenDevice>);

impl Details {
    /// Keeps what a row says of a device, unless a row before it did.
    pub(super) fn keep(&mut self, id: Guid, row: &DeviceRow<'_>, skipped: Option<String>) {
        let text = |property: Property| row.text(property).to_owned();
        self.0.entry(id).or_insert_with(|| TakenDevice {
            id,
            name: text(Property::DeviceName),
            serial_number: text(Property::SerialNumber),
            user: text(Property::UserPrincipalName),
            os: text(Property::OperatingSystem),
            last_sync: 0,
            skipped,
        });
    }

    fn take(&mut self, id: Guid) -> TakenDevice {
        let unlisted = TakenDevice {
            id,
            name: String::new(),
            serial_number: String::new(),
            user: String::new(),
            os: String::new(),
            last_sync: 0,
            skipped: None,
        };
        self.0.remove(&id).unwrap_or(unlisted)
    }
}

impl Custody {
    /// Keeps what a person wants to know of the devices that the run takes, and has it read.
    pub fn keep_details(&self) {
        let mut books = self.books();
        books.devices.keep_check_ins();
        books.devices.details = Some(Details::default());
    }

    /// What is to be read of a device for a person alone.
    pub(super) fn read_for_people(&self) -> Option<Properties> {
        let books = self.books();
        let details = books.devices.details.as_ref();
        details.map(|_| PROPERTIES.into_iter().collect())
    }

    /// The devices that the run takes: those that it will sync, in its order, and then those that it skips. Empty if
    /// [`keep_details`](Self::keep_details) was not called; a second call returns less.
    pub fn take_details(&self) -> Vec<TakenDevice> {
        let mut books = self.books();
        let Some(mut details) = books.devices.details.take() else {
            return Vec::new();
        };
        let devices = in_order(&books.devices);
        let taken = devices.into_iter().map(|(id, last_sync, state)| {
            let device = details.take(id);
            TakenDevice {
                last_sync,
                skipped: match state {
                    State::Unlisted => Some("not listed".to_owned()),
                    _ => device.skipped,
                },
                ..device
            }
        });
        taken.collect()
    }
}

/// The devices of the run, each with its last check-in: those to be synced, in the order of the run, and the others.
fn in_order(devices: &Devices) -> Vec<(Guid, u32, State)> {
    // Where a device came again and matched then, its first entry is that of a device that is not taken.
    let is_taken = |device: &&Device| {
        matches!(
            device.state(),
            State::Open | State::Unsupported | State::Unlisted
        )
    };
    let devices_of_run = devices.iter().map(|(_, device)| device).filter(is_taken);
    let taken = devices_of_run.map(|device| {
        let check_in = devices.check_in(device).unwrap_or(0);
        (device.id(), check_in, device.state())
    });
    let mut taken: Vec<_> = taken.collect();
    let stalest = |check_in: u32| devices.stalest_first().then_some(check_in);
    taken.sort_by_key(|(_, check_in, state)| (*state != State::Open, stalest(*check_in)));
    taken
}
