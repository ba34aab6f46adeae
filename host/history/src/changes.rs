//! What is yet to be written of a run: one change for each device and each request, however often it has changed.
//!
//! Writing a change twice is writing it once, so that one that could not be written can be tried again.

use std::collections::BTreeMap;

use intune_sync_ids::Guid;
use intune_sync_wit::{DeviceDone, Learned};

use crate::{Evidence, Return, Selected, Totals, Unrecorded, chain::Row};

/// The changes since the last commit.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// In the order of their ids, which is that of the table: a page of it is touched once.
    pub(crate) devices: BTreeMap<Guid, DeviceChange>,
    /// In the order in which they left.
    pub(crate) requests: BTreeMap<i64, RequestChange>,
    pub(crate) totals: Option<Totals>,
    pub(crate) learned: Option<Learned>,
    pub(crate) clock_ahead: Option<i64>,
    /// When everything waited, and how long, both in milliseconds.
    pub(crate) waits: Vec<(i64, i64)>,
}

/// What is new of a device.
#[derive(Debug, Default)]
pub(crate) struct DeviceChange {
    /// It was selected, with the time.
    pub(crate) selected: Option<(Selected, i64)>,
    /// It has its final outcome, with the time.
    pub(crate) done: Option<(Box<DeviceDone>, i64)>,
}

/// What is new of a request.
#[derive(Debug, Default)]
pub(crate) struct RequestChange {
    /// It has left.
    pub(crate) left: Option<Row>,
    /// It has its response, or will get none.
    pub(crate) returned: Option<Return>,
    /// It is in the chain.
    pub(crate) hash: Option<Evidence>,
}

impl Changes {
    pub(crate) fn select(&mut self, device: Selected, at: i64) {
        let change = self.devices.entry(device.id).or_default();
        change.selected = Some((device, at));
    }

    pub(crate) fn finish(&mut self, device: Box<DeviceDone>, at: i64) {
        let id = Guid::from_halves(device.id.hi, device.id.lo);
        self.devices.entry(id).or_default().done = Some((device, at));
    }

    pub(crate) fn request(&mut self, seq: i64) -> &mut RequestChange {
        self.requests.entry(seq).or_default()
    }

    /// How many rows they concern.
    pub(crate) fn rows(&self) -> usize {
        self.devices.len() + self.requests.len() + self.waits.len()
    }

    /// What is lost if they cannot be written.
    pub(crate) fn unrecorded(&self) -> Unrecorded {
        let left = self
            .requests
            .values()
            .filter(|change| change.left.is_some());
        let done = self.devices.values().filter(|change| change.done.is_some());
        Unrecorded {
            requests: left.count() as u64,
            outcomes: done.count() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use intune_sync_wit::{self as wit, Outcome};

    use super::*;

    #[test]
    fn a_device_that_changes_twice_is_one_row() {
        let mut changes = Changes::default();
        let id = Guid::from_halves(1, 2);
        let (name, os) = ("PC".to_owned(), "Windows".to_owned());
        changes.select(Selected { id, name, os }, 5);
        let done = DeviceDone {
            id: wit::Guid { hi: 1, lo: 2 },
            name: "PC".to_owned(),
            os: String::new(),
            last_sync: None,
            attempts: 1,
            outcome: Outcome::Accepted,
        };
        changes.finish(Box::new(done), 6);
        changes.request(1).hash = Some(Evidence::from_bytes(&[0; 32]).expect("32 bytes"));
        assert_eq!(changes.rows(), 2);
        // The hash of a request that is recorded already does not count as lost.
        let unrecorded = Unrecorded {
            requests: 0,
            outcomes: 1,
        };
        assert_eq!(changes.unrecorded(), unrecorded);
    }
}
