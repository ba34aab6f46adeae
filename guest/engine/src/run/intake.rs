//! From the pages of the list to the fleet and the order of the run.

use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use intune_sync_graph::{DeviceRow, GraphError, Page, Verdict, read_json};
use intune_sync_ids::Guid;

use super::{
    Phase, Run, Syncing,
    answers::{Answer, unreadable},
    forecast::forecast,
    millis, problems,
    problems::Needed,
};
use crate::{
    Settings,
    contract::{EventKind, GroupCount, Listed, Order, Outcome, Plan, Purpose, Retried, RunStatus},
    fleet::Fleet,
    list_query::list_query,
    listing::Listing,
    schedule::Schedule,
    selection::{Criteria, Named, last_sync},
};

/// The list while it is read.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    pub(super) listing: Listing,
    criteria: Criteria,
    named: Option<Named>,
    fleet: Fleet,
    /// Why a device of the fleet cannot sync, by its place there.
    unsupported: BTreeMap<u32, String>,
    /// Rows without a GUID.
    nameless: u32,
    /// Rows that are neither nameless nor repeated.
    listed: u32,
}

impl Intake {
    pub(super) fn new(settings: &Settings) -> Self {
        let criteria = Criteria::new(&settings.selection, settings.started_at);
        let query = |filtered| {
            list_query(
                &settings.selection,
                criteria.stale_filter().as_deref(),
                filtered,
            )
        };
        let filtered = query(true) != query(false);
        Self {
            listing: Listing::new(query(true), filtered),
            named: Named::new(&settings.selection),
            criteria,
            fleet: Fleet::default(),
            unsupported: BTreeMap::new(),
            nameless: 0,
            listed: 0,
        }
    }

    /// Takes one row. False when the device is in the fleet already.
    fn row(&mut self, row: &DeviceRow<'_>, skip: &BTreeSet<Guid>) -> bool {
        let Ok(id) = row.id.as_str().parse::<Guid>() else {
            self.nameless += 1;
            return true;
        };
        let last_sync = last_sync(row.last_sync_date_time.as_str());
        let named = self.named.as_mut().is_none_or(|named| named.meet(id));
        if !named || skip.contains(&id) || !self.criteria.matches(row, last_sync) {
            self.listed += 1;
            return true;
        }
        if !self.fleet.add(
            id,
            row.device_name.as_str(),
            row.operating_system.as_str(),
            last_sync,
        ) {
            return false;
        }
        self.listed += 1;
        if let Some(reason) = self.criteria.unsupported(row) {
            self.unsupported.insert(self.fleet.len() - 1, reason);
        }
        true
    }
}

impl Run {
    /// A page was asked for, and this came of it.
    pub(super) fn page_answered(&mut self, answer: Answer) {
        let Phase::Listing(intake) = &mut self.phase else {
            return;
        };
        let Answer {
            status,
            verdict,
            error,
            body,
            ..
        } = answer;
        match verdict {
            Verdict::Success => match read_json::<Page<'_>>(&body) {
                Ok(page) => self.page_read(&page),
                Err(_) => self.page_failed(status, &unreadable(&body)),
            },
            // The gate and the token have been seen to: the page is asked for again.
            Verdict::Throttled | Verdict::TokenRefused => {}
            Verdict::RoleMissing => {
                self.end(RunStatus::NotAuthorized(problems::role_missing(
                    Needed::Read,
                    &error,
                )));
            }
            Verdict::ApprovalNeeded => {
                self.end(RunStatus::NotAuthorized(problems::approval_needed(&error)))
            }
            Verdict::Transient => self.page_failed(status, &error),
            // Graph ignores a filter that it does not know, they say; a 400 to the first page may still be about it.
            Verdict::Rejected
                if status == Some(400) && intake.listing.filtered && intake.listing.pages == 0 =>
            {
                let query = list_query(&self.settings.selection, None, false);
                intake.listing = Listing::new(query, false);
                self.tell(EventKind::Notice(
                    "Graph refused the filter; the whole list is read and filtered here".to_owned(),
                ));
            }
            Verdict::NotFound | Verdict::Rejected => {
                self.fail(problems::list_failed(status, &error, 1));
            }
        }
    }

    fn page_failed(&mut self, status: Option<u16>, error: &GraphError) {
        let Phase::Listing(intake) = &mut self.phase else {
            return;
        };
        self.budget.failed();
        intake.listing.failures += 1;
        let failures = intake.listing.failures;
        if failures > self.settings.max_retries {
            return self.fail(problems::list_failed(status, error, failures));
        }
        let wait = self.backoff(failures);
        if let Phase::Listing(intake) = &mut self.phase {
            intake.listing.not_before = self.now + wait;
        }
        self.counts.retries += 1;
        self.tell_retrying(Retried::List, 0, status, error, wait);
    }

    fn page_read(&mut self, page: &Page<'_>) {
        let Phase::Listing(intake) = &mut self.phase else {
            return;
        };
        let repeated = page
            .value
            .iter()
            .filter(|row| !intake.row(row, &self.skip))
            .count();
        let new = u32::try_from(page.value.len() - repeated).unwrap_or(u32::MAX);
        let next = intake.listing.page(
            &self.settings.root,
            page.value.len(),
            new,
            page.next_link.as_str(),
        );
        let listed = Listed {
            pages: intake.listing.pages,
            devices: intake.listed,
        };
        self.budget.succeeded(self.now);
        self.throttle.succeeded(self.now);
        self.tell(EventKind::Listed(listed));
        match next {
            Ok(true) => {}
            Ok(false) => self.list_complete(),
            Err(error) => self.fail(problems::list_is_broken(&error)),
        }
    }

    /// The list is complete: decide what becomes of each device, and tell the plan.
    fn list_complete(&mut self) {
        let Phase::Listing(intake) = core::mem::replace(&mut self.phase, Phase::Over) else {
            return;
        };
        let Intake {
            mut fleet,
            mut unsupported,
            named,
            criteria,
            nameless,
            listed,
            ..
        } = *intake;
        if nameless > 0 {
            self.tell(EventKind::Notice(format!(
                "{nameless} listed devices have no usable id and are left out"
            )));
        }
        let mut missing: Vec<Guid> = named.iter().flat_map(Named::unlisted).collect();
        missing.retain(|id| !self.skip.contains(id));
        self.skip.clear();
        if criteria.is_empty() {
            for id in missing.drain(..) {
                fleet.add(id, "", "", 0);
            }
        }
        fleet.complete();

        let selection = &self.settings.selection;
        let mut order: Vec<u32> = Vec::with_capacity(fleet.len() as usize - unsupported.len());
        order.extend((0..fleet.len()).filter(|at| !unsupported.contains_key(at)));
        if selection.order == Order::Stalest {
            // Each look at a device is one at random in memory.
            order.sort_by_cached_key(|at| fleet.device(*at).last_sync);
        }
        if let Some(limit) = selection.limit {
            // What the limit leaves out is not part of the run, and neither is what could not be synced.
            order.truncate(limit as usize);
            unsupported.clear();
            missing.clear();
        }

        self.counts.to_sync = u32::try_from(order.len()).unwrap_or(u32::MAX);
        let mut skipped = BTreeMap::new();
        for (at, reason) in unsupported {
            *skipped.entry(reason.clone()).or_insert(0) += 1;
            self.counts.skipped += 1;
            let (id, name) = (fleet.device(at).id(), fleet.name(at).to_owned());
            self.tell_device(id, name, 0, Outcome::Skipped(reason));
        }
        for id in missing {
            self.counts.gone += 1;
            self.counts.gone_unlisted += 1;
            self.tell_device(id, String::new(), 0, Outcome::Gone);
        }
        let platforms = fleet.platforms(&order);
        let platforms = tallies(
            platforms
                .into_iter()
                .map(|(os, devices)| (os.to_owned(), devices)),
        );
        let schedule = Schedule::new(
            self.counts.to_sync,
            self.settings.batch_size,
            self.settings.batch_delay,
            self.settings.pace,
        );
        let plan = self.plan(listed, tallies(skipped.into_iter()), platforms, &schedule);
        self.phase = Phase::Syncing(Box::new(Syncing {
            fleet,
            order,
            schedule,
            refusals: BTreeMap::new(),
        }));
        self.tell(EventKind::Planned(plan));
        if self.settings.purpose == Purpose::Plan {
            self.end(RunStatus::Completed);
        }
    }

    fn plan(
        &self,
        listed: u32,
        skipped: Vec<GroupCount>,
        platforms: Vec<GroupCount>,
        schedule: &Schedule,
    ) -> Plan {
        let counts = &self.counts;
        let forecast = forecast(schedule.clone(), self.settings.ceiling, self.dispatch);
        Plan {
            listed,
            total: counts.to_sync + counts.skipped + counts.gone_unlisted,
            to_sync: counts.to_sync,
            skipped,
            platforms,
            batches: schedule.batches(),
            requests: forecast.requests,
            expected: millis(forecast.time),
        }
    }
}

/// The largest first.
fn tallies(counts: impl Iterator<Item = (String, u32)>) -> Vec<GroupCount> {
    let mut tallies: Vec<GroupCount> = counts
        .map(|(label, devices)| GroupCount { label, devices })
        .collect();
    tallies.sort_by_key(|tally| Reverse(tally.devices));
    tallies
}
