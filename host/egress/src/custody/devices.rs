//! The devices of a run: what the list held, what of it the selection matches, and what became of each.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use hashbrown::HashTable;
use intune_sync_graph::DeviceRow;
use intune_sync_ids::Guid;
use intune_sync_selection::{Selection, Selector, unix_time};

use super::details::Details;

/// Where a device is in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(u32);

/// What is known of a device: 25 bytes, since there may be a million.
#[derive(Clone, Copy, Debug)]
pub(super) struct Device {
    /// Numbers as bytes, which need no alignment.
    id: [u8; 16],
    /// In seconds since 1970; 0 for never.
    last_sync: [u8; 4],
    /// Syncs of it that have left.
    pub(super) attempts: u8,
    /// Of these, how many failed in a way that may pass.
    pub(super) failures: u8,
    /// Of these, how many may be blamed on the device.
    pub(super) blamed: u8,
    /// Of these, how many were refused for their token.
    pub(super) token_refusals: u8,
    state: u8,
}

/// What the run has to do with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// It is in the list, and the selection does not match it, or an earlier run has settled it.
    Unselected,
    /// It meets the selection and cannot sync.
    Unsupported,
    /// It is named, and neither in the list nor to be synced.
    Unlisted,
    /// It meets the selection, and is beyond the limit.
    OverLimit,
    /// It is to be synced.
    Open,
    /// A sync of it is on its way.
    OnItsWay,
    /// Graph has accepted a sync.
    Accepted,
    /// Graph does not know it.
    Gone,
    /// Graph has refused the sync for good.
    Refused,
    /// Graph has refused it to this identity, which may hold for all devices or for this one.
    Forbidden,
}

impl State {
    const ALL: [Self; 10] = [
        Self::Unselected,
        Self::Unsupported,
        Self::Unlisted,
        Self::OverLimit,
        Self::Open,
        Self::OnItsWay,
        Self::Accepted,
        Self::Gone,
        Self::Refused,
        Self::Forbidden,
    ];
}

/// Its outcome was reported.
const REPORTED: u8 = 0x80;

impl Device {
    fn new(id: Guid, last_sync: u32, state: State) -> Self {
        Self {
            id: id.bits().to_ne_bytes(),
            last_sync: last_sync.to_ne_bytes(),
            attempts: 0,
            failures: 0,
            blamed: 0,
            token_refusals: 0,
            state: state as u8,
        }
    }

    pub(super) fn id(&self) -> Guid {
        Guid::from_bits(u128::from_ne_bytes(self.id))
    }

    pub(super) fn state(&self) -> State {
        let state = State::ALL.get(usize::from(self.state & !REPORTED));
        *state.expect("it was set from a state")
    }

    pub(super) fn set(&mut self, state: State) {
        self.state = self.state & REPORTED | state as u8;
    }

    pub(super) fn is_reported(&self) -> bool {
        self.state & REPORTED != 0
    }

    pub(super) fn set_reported(&mut self) {
        self.state |= REPORTED;
    }
}

/// How many devices the run has, known once the list is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// To be synced.
    pub(super) to_sync: u32,
    /// Skipped, since they cannot sync.
    pub(super) unsupported: u32,
    /// Named, not in the list, and not to be synced.
    pub(super) unlisted: u32,
}

impl Plan {
    pub(super) fn total(self) -> u32 {
        self.to_sync + self.unsupported + self.unlisted
    }
}

/// All devices that the list held, and those that are named.
#[derive(Debug)]
pub(super) struct Devices {
    selection: Selection,
    /// As it is before any device is listed.
    unmet: Selector,
    selector: Selector,
    /// Settled by an earlier run.
    skip: HashSet<Guid>,
    /// When each device has checked in last is what the run is for.
    keeps_check_ins: bool,
    /// What a person wants to know of those that are taken, where one does.
    pub(super) details: Option<Details>,
    /// In the order of the list.
    devices: Vec<Device>,
    /// How many devices the list had, as the plan counts them.
    listed: u32,
    by_id: HashTable<u32>,
    hasher: RandomState,
    /// Behind the device that was found last: where devices are synced in the order of the list, it is the next.
    expected: u32,
    /// Those that have an outcome and are not reported yet. They are few, and found without a look at all the others.
    settled: HashMap<Guid, At>,
}

impl Devices {
    pub(super) fn new(selection: Selection, selector: Selector) -> Self {
        Self {
            unmet: selector.clone(),
            selector,
            selection,
            skip: HashSet::new(),
            keeps_check_ins: false,
            details: None,
            devices: Vec::new(),
            listed: 0,
            by_id: HashTable::new(),
            hasher: RandomState::new(),
            expected: 0,
            settled: HashMap::new(),
        }
    }

    /// Leaves out these, which an earlier run has settled.
    pub(super) fn skip(&mut self, devices: &[Guid]) {
        self.skip.extend(devices);
    }

    /// Keeps when each device has checked in last, whatever the run selects by.
    pub(super) fn keep_check_ins(&mut self) {
        self.keeps_check_ins = true;
    }

    /// When a device has checked in last, in seconds since 1970, where that is kept.
    pub(super) fn check_in(&self, device: &Device) -> Option<u32> {
        self.keeps_check_ins
            .then(|| u32::from_ne_bytes(device.last_sync))
    }

    /// The list begins.
    pub(super) fn begin(&mut self) {
        self.selector = self.unmet.clone();
        self.details = self.details.take().map(|_| Details::default());
        self.devices.clear();
        self.listed = 0;
        self.by_id.clear();
        self.settled.clear();
    }

    /// Takes a row of the list. Of a device that comes again the first row that meets the selection counts.
    pub(super) fn row(&mut self, row: &DeviceRow<'_>) {
        let Ok(id) = row.id.as_str().parse::<Guid>() else {
            return;
        };
        let last_sync = match self.reads_last_sync() {
            true => unix_time(row.last_sync_date_time.as_str()),
            false => 0,
        };
        let takes = self.selector.takes(id, row, last_sync) && !self.skip.contains(&id);
        let unsupported = match takes {
            true => self.selector.unsupported(row),
            false => None,
        };
        let state = match (takes, &unsupported) {
            (false, _) => State::Unselected,
            (true, Some(_)) => State::Unsupported,
            (true, None) => State::Open,
        };
        if let Some(details) = &mut self.details
            && takes
        {
            details.keep(id, row, unsupported);
        }
        // A device that is not taken is not remembered by the component, and counts each time.
        let counts = self.add(Device::new(id, last_sync, state)) || !takes;
        self.listed += u32::from(counts);
    }

    /// How many devices the list has, as the plan counts them: none that the run takes counts twice.
    pub(super) fn listed(&self) -> u32 {
        self.listed
    }

    /// Whether the last check-in is kept, or decides which devices the run takes.
    fn reads_last_sync(&self) -> bool {
        let decides_by_order = self.selection.stalest_first && self.selection.limit.is_some();
        self.keeps_check_ins || self.selector.criteria().reads_last_sync() || decides_by_order
    }

    /// The list is complete: decides what the run has to do with each device.
    pub(super) fn complete(&mut self) -> Plan {
        let missing: Vec<Guid> = self.selector.unlisted().collect();
        let synced = match self.selector.takes_unlisted() {
            true => State::Open,
            false => State::Unlisted,
        };
        for id in missing {
            if !self.skip.contains(&id) {
                self.add(Device::new(id, 0, synced));
            }
        }
        if let Some(limit) = self.selection.limit {
            self.limit_to(limit as usize);
        }
        self.devices.shrink_to_fit();
        let count = |state: State| {
            let found = self.devices.iter().filter(|device| device.state() == state);
            u32::try_from(found.count()).unwrap_or(u32::MAX)
        };
        Plan {
            to_sync: count(State::Open),
            unsupported: count(State::Unsupported),
            unlisted: count(State::Unlisted),
        }
    }

    /// Of the devices that can be synced the first ones are, in the order of the run, and no others are part of it.
    fn limit_to(&mut self, limit: usize) {
        let open = |device: &Device| device.state() == State::Open;
        let mut order: Vec<usize> = (0..self.devices.len())
            .filter(|at| open(&self.devices[*at]))
            .collect();
        if self.selection.stalest_first {
            order.sort_by_key(|at| u32::from_ne_bytes(self.devices[*at].last_sync));
        }
        for at in order.into_iter().skip(limit) {
            self.devices[at].set(State::OverLimit);
        }
        for device in &mut self.devices {
            if matches!(device.state(), State::Unsupported | State::Unlisted) {
                device.set(State::OverLimit);
            }
        }
    }

    /// The selection, which knows what of it was listed.
    pub(super) fn selector(&self) -> &Selector {
        &self.selector
    }

    /// Where a device is that is about to be synced, if the list held it or it is named.
    pub(super) fn find_next(&mut self, id: Guid) -> Option<At> {
        let expected = self.devices.get(self.expected as usize);
        let at = match expected {
            Some(device) if device.id() == id && device.state() != State::Unselected => {
                At(self.expected)
            }
            _ => self.find(id)?,
        };
        self.expected = at.0 + 1;
        Some(at)
    }

    /// A device has an outcome, which is about to be reported.
    pub(super) fn settle(&mut self, at: At) {
        self.settled.insert(self.get(at).id(), at);
    }

    /// Where a device is that is reported, if the list held it or it is named.
    pub(super) fn find_reported(&mut self, id: Guid) -> Option<At> {
        self.settled.remove(&id).or_else(|| self.find(id))
    }

    /// Where a device is, if the list held it or it is named.
    pub(super) fn find(&self, id: Guid) -> Option<At> {
        let known = |at: &u32| self.devices[*at as usize].id() == id;
        self.by_id
            .find(self.hasher.hash_one(id), known)
            .map(|at| At(*at))
    }

    pub(super) fn get(&self, At(at): At) -> &Device {
        &self.devices[at as usize]
    }

    pub(super) fn get_mut(&mut self, At(at): At) -> &mut Device {
        &mut self.devices[at as usize]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (At, &Device)> {
        (0..).map(At).zip(&self.devices)
    }

    pub(super) fn stalest_first(&self) -> bool {
        self.selection.stalest_first
    }

    pub(super) fn limit(&self) -> u32 {
        self.selection.limit.unwrap_or(u32::MAX)
    }

    /// Enters a device, unless it is known. Returns whether it was entered.
    fn add(&mut self, device: Device) -> bool {
        let Self {
            devices,
            by_id,
            hasher,
            ..
        } = self;
        let id = device.id();
        let next = u32::try_from(devices.len()).unwrap_or(u32::MAX);
        let known = by_id.find_mut(hasher.hash_one(id), |at| devices[*at as usize].id() == id);
        match known {
            // The order of the run is that in which the devices matched: the device is entered once more, and what was
            // known of it before is never found again.
            Some(at) if devices[*at as usize].state() == State::Unselected => {
                if device.state() == State::Unselected {
                    return false;
                }
                *at = next;
            }
            Some(_) => return false,
            None => {
                by_id.insert_unique(hasher.hash_one(id), next, |at| {
                    hasher.hash_one(devices[*at as usize].id())
                });
            }
        }
        devices.push(device);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn devices(selection: &Selection) -> Devices {
        let selector = Selector::new(selection, Duration::from_secs(1_794_382_080));
        Devices::new(selection.clone(), selector)
    }

    fn id(n: u128) -> Guid {
        Guid::random(n)
    }

    fn read(devices: &mut Devices, rows: &[(u128, &str, &str)]) {
        for (n, os, last) in rows {
            let json = format!(
                r#"{{"id":"{}","operatingSystem":"{os}","lastSyncDateTime":"{last}"}}"#,
                id(*n)
            );
            devices.row(&serde_json::from_str(&json).expect("a row"));
        }
    }

    fn state(devices: &Devices, n: u128) -> Option<State> {
        devices.find(id(n)).map(|at| devices.get(at).state())
    }

    #[test]
    fn a_device_takes_25_bytes() {
        assert_eq!(size_of::<Device>(), 25);
    }

    #[test]
    fn what_the_selection_matches_is_open_and_the_rest_is_known() {
        let mut books = devices(&Selection {
            os: vec!["windows".to_owned(), "linux".to_owned()],
            devices: vec![id(1), id(2), id(3), id(9)],
            ..Selection::default()
        });
        books.skip(&[id(3)]);
        read(
            &mut books,
            &[
                (1, "Windows", ""),
                (2, "Linux", ""),
                (3, "Windows", ""),
                (4, "Windows", ""),
            ],
        );
        let plan = books.complete();
        assert_eq!(state(&books, 1), Some(State::Open));
        assert_eq!(state(&books, 2), Some(State::Unsupported));
        assert_eq!(state(&books, 3), Some(State::Unselected));
        assert_eq!(state(&books, 4), Some(State::Unselected));
        assert_eq!(state(&books, 9), Some(State::Unlisted));
        assert_eq!(state(&books, 5), None);
        assert_eq!((plan.to_sync, plan.unsupported, plan.unlisted), (1, 1, 1));
        assert_eq!(plan.total(), 3);
    }

    #[test]
    fn a_named_device_that_is_not_listed_is_synced_where_nothing_else_is_asked_of_it() {
        let mut books = devices(&Selection {
            devices: vec![id(1), id(2)],
            ..Selection::default()
        });
        read(&mut books, &[(1, "", "")]);
        assert_eq!(books.complete().to_sync, 2);
        assert_eq!(state(&books, 2), Some(State::Open));
    }

    #[test]
    fn the_limit_takes_the_first_in_the_order_of_the_run() {
        let rows = [
            (1, "Linux", ""),
            (2, "iOS", "2026-01-03T00:00:00Z"),
            (3, "iOS", "2026-01-01T00:00:00Z"),
            (2, "iOS", "2025-01-01T00:00:00Z"),
            (4, "iOS", "2026-01-02T00:00:00Z"),
        ];
        for (stalest_first, first) in [(false, [2, 3]), (true, [3, 4])] {
            let mut books = devices(&Selection {
                limit: Some(2),
                stalest_first,
                ..Selection::default()
            });
            read(&mut books, &rows);
            let plan = books.complete();
            assert_eq!((plan.to_sync, plan.total()), (2, 2));
            for n in 1..=4 {
                let expected = match first.contains(&n) {
                    true => State::Open,
                    false => State::OverLimit,
                };
                assert_eq!(state(&books, n), Some(expected), "{n}");
            }
        }
    }

    #[test]
    fn a_device_counts_from_the_row_that_matches_and_a_new_list_forgets_it() {
        let mut books = devices(&Selection {
            os: vec!["ios".to_owned()],
            limit: Some(1),
            ..Selection::default()
        });
        read(
            &mut books,
            &[
                (1, "Android", ""),
                (2, "iOS", ""),
                (1, "iOS", ""),
                (2, "x", ""),
            ],
        );
        assert_eq!(books.complete().to_sync, 1);
        assert_eq!(state(&books, 2), Some(State::Open));
        assert_eq!(state(&books, 1), Some(State::OverLimit));
        books.begin();
        assert_eq!(state(&books, 1), None);
    }
}
