//! From the rows of the list to the fleet and the order of the run.

use core::{cmp::Reverse, mem};
use std::collections::{BTreeMap, BTreeSet};

use intune_sync_graph::{DeviceRow, shortened};
use intune_sync_ids::Guid;
use intune_sync_selection::{Criteria, Selector, Unmatched, unix_time};

use super::{
    forecast::forecast,
    ledger::{Ledger, Reported},
    millis,
    sync::{Route, Syncing},
};
use crate::{
    Settings,
    contract::{GroupCount, Outcome, Plan, Purpose, RunStatus},
    devices::{Added, DeviceIndex, Fleet, Schedule, Selected},
};

/// The most values that match nothing which are noticed one by one.
const UNMATCHED_MAX: usize = 20;

/// The devices selected so far.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    selector: Selector,
    /// Devices that are left out because an earlier run has done them.
    skip: BTreeSet<Guid>,
    fleet: Fleet,
    /// Why a device of the fleet cannot sync.
    unsupported: BTreeMap<DeviceIndex, String>,
    /// Rows without a GUID.
    nameless: u32,
    /// Rows that are neither nameless nor repeated.
    listed: u32,
}

/// Whether a row is known to repeat an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    New,
    Repeated,
}

impl Intake {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            selector: Selector::new(&settings.selection, settings.started_at),
            skip: BTreeSet::new(),
            fleet: Fleet::default(),
            unsupported: BTreeMap::new(),
            nameless: 0,
            listed: 0,
        }
    }

    /// The list is read again from its beginning.
    pub(super) fn begin_again(&mut self, settings: &Settings) {
        let skip = mem::take(&mut self.skip);
        *self = Self {
            skip,
            ..Self::new(settings)
        };
    }

    pub(super) fn criteria(&self) -> &Criteria {
        self.selector.criteria()
    }

    pub(super) fn skip(&mut self, devices: impl IntoIterator<Item = Guid>) {
        self.skip.extend(devices);
    }

    /// Devices in the list so far.
    pub(super) fn listed(&self) -> u32 {
        self.listed
    }

    /// Takes one row.
    pub(super) fn row(&mut self, row: &DeviceRow<'_>) -> Row {
        let Ok(id) = row.id.as_str().parse::<Guid>() else {
            self.nameless += 1;
            return Row::New;
        };
        let last_sync = unix_time(row.last_sync_date_time.as_str());
        if !self.selector.takes(id, row, last_sync) || self.skip.contains(&id) {
            self.listed += 1;
            return Row::New;
        }
        let (name, os) = (row.device_name.as_str(), row.operating_system.as_str());
        match self.fleet.add(id, name, os, last_sync) {
            Added::Repeated => Row::Repeated,
            Added::New(at) => {
                self.listed += 1;
                if let Some(reason) = self.selector.unsupported(row) {
                    self.unsupported.insert(at, reason);
                }
                Row::New
            }
        }
    }

    /// The list is complete: decides what becomes of each device, and reports the plan.
    pub(super) fn complete(self, settings: &Settings, ledger: &mut Ledger) -> Syncing {
        let Self {
            selector,
            skip,
            mut fleet,
            mut unsupported,
            nameless,
            listed,
        } = self;
        if nameless > 0 {
            let notice = format!("{nameless} listed devices have no usable id and are left out");
            ledger.notice(notice);
        }
        if listed > 0 {
            let mut unmatched = selector.unmatched();
            for unmatched in unmatched.by_ref().take(UNMATCHED_MAX) {
                ledger.notice(notice_of(&unmatched));
            }
            let more = unmatched.count();
            if more > 0 {
                ledger.notice(format!("and {more} more values match no listed device"));
            }
        }
        let mut missing: Vec<Guid> = selector.unlisted().collect();
        missing.retain(|id| !skip.contains(id));
        if selector.takes_unlisted() {
            for id in missing.drain(..) {
                fleet.add(id, "", "", 0);
            }
        }
        fleet.complete();

        let selection = &settings.selection;
        let mut order = Vec::with_capacity(fleet.len() as usize - unsupported.len());
        order.extend(fleet.indexes().filter(|at| !unsupported.contains_key(at)));
        if selection.stalest_first {
            // Each access to a device is one at random in memory.
            order.sort_by_cached_key(|at: &DeviceIndex| fleet.device(*at).last_sync);
        }
        if let Some(limit) = selection.limit {
            // Devices beyond the limit are not part of the run, nor are those that could not be synced.
            order.truncate(limit as usize);
            unsupported.clear();
            missing.clear();
        }

        ledger.set_to_sync(u32::try_from(order.len()).unwrap_or(u32::MAX));
        let mut skipped = BTreeMap::new();
        for (at, reason) in unsupported {
            *skipped.entry(reason.clone()).or_insert(0) += 1;
            let device = Reported::of(&fleet, at);
            ledger.device_done(device, Outcome::Skipped(reason));
        }
        for id in missing {
            ledger.unlisted(id);
        }
        let platforms = fleet.platforms(&order).into_iter();
        let platforms = group_counts(platforms.map(|(os, devices)| (os.to_owned(), devices)));
        let selected = Selected::new(fleet, order);
        let schedule = Schedule::new(
            selected.len(),
            settings.batch_size,
            settings.batch_delay,
            settings.pace,
        );
        let route = Route::new(settings.dispatch);
        let forecast = forecast(schedule.clone(), settings.ceiling, route);
        let plan = Plan {
            listed,
            total: ledger.total(),
            to_sync: selected.len(),
            skipped: group_counts(skipped.into_iter()),
            platforms,
            batches: schedule.batches(),
            requests: forecast.requests,
            expected: millis(forecast.time),
        };
        ledger.planned(plan);
        if settings.purpose == Purpose::Plan {
            ledger.end(RunStatus::Completed);
        }
        Syncing::new(selected, schedule, route, settings.max_retries)
    }
}

/// What a user should know of a value that selects nothing: it may be misspelt.
fn notice_of(unmatched: &Unmatched) -> String {
    let Unmatched {
        key,
        value,
        instead,
    } = unmatched;
    let value = shortened(value, 100);
    let quoted = |text: &String| format!("`{text}`");
    match instead.as_slice() {
        [] => format!("`{value}` for `{key}` matches no listed device"),
        instead => {
            let instead: Vec<String> = instead.iter().map(quoted).collect();
            let instead = instead.join(", ");
            format!("`{value}` for `{key}` matches no listed device: they have {instead}")
        }
    }
}

/// The largest first.
fn group_counts(counts: impl Iterator<Item = (String, u32)>) -> Vec<GroupCount> {
    let mut counts: Vec<GroupCount> = counts
        .map(|(label, devices)| GroupCount { label, devices })
        .collect();
    counts.sort_by_key(|count| Reverse(count.devices));
    counts
}
