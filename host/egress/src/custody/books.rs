//! The books of a run: what left, what came back, and so what may leave next.

use std::collections::BTreeMap;

use intune_sync_graph::{OUTAGE_FAILURES, Page, Requested, Verdict};
use intune_sync_ids::Guid;
use intune_sync_selection::Selector;

use super::{
    Refusal, Terms,
    devices::{At, Device, Devices, Plan, State},
    list::{List, PageOf, Reading},
    outcome::{Came, Outcomes},
    report::Reported,
};
use crate::gate::sync::{Call, ListRead};

/// How many failures more than retries explain are let pass: responses are entered here as they come, and reach the
/// component later, so that the two may differ on when an outage began.
pub(super) const SLACK: u8 = 2;

/// What left, what came back, and what became of each device.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) list: List,
    pub(super) devices: Devices,
    /// Known once the list is complete.
    pub(super) plan: Option<Plan>,
    max_retries: u8,
    /// Failed requests since the last that brought anything definite.
    failed_in_a_row: u32,
    /// What was in the way of the devices whose last sync was not accepted.
    pub(super) troubles: BTreeMap<At, Trouble>,
    pub(super) counts: Counted,
    pub(super) reported: Reported,
}

/// Counts that the books keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Requests that left.
    pub(super) requests: u64,
    /// Requests, or items of a batch, that were throttled.
    pub(super) throttled: u64,
    /// Syncs that left.
    pub(super) syncs: u64,
}

/// Why the last sync of a device was not accepted, as support needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// The status of the response, or of the item in a `$batch`; `None` if there was none.
    pub status: Option<u16>,
    /// Graph's error code; empty if it gave none.
    pub code: String,
    /// Graph's message; empty if it gave none.
    pub message: String,
    /// `request-id` of the response; empty if it had none.
    pub request_id: String,
    /// `client-request-id` that the request left with.
    pub client_request_id: Option<Guid>,
}

/// What a request that is on its way is about.
#[derive(Debug)]
pub(super) enum Entry {
    Page(Reading),
    /// In the order of the request.
    Syncs(Requested, Vec<At>),
}

impl Books {
    pub(super) fn new(terms: Terms) -> Self {
        let Terms {
            root,
            selection,
            started_at,
            max_retries,
        } = terms;
        let selector = Selector::new(&selection, started_at);
        Self {
            list: List::new(root, &selection, selector.criteria(), max_retries),
            devices: Devices::new(selection, selector),
            plan: None,
            // The range of the setting ends at 100.
            max_retries: u8::try_from(max_retries).unwrap_or(u8::MAX - SLACK - 1),
            failed_in_a_row: 0,
            troubles: BTreeMap::new(),
            counts: Counted::default(),
            reported: Reported::default(),
        }
    }

    /// Whether a page of the list may be requested now.
    pub(super) fn check_read(&self, read: &ListRead) -> Result<(), Refusal> {
        self.list.check(read)
    }

    /// Enters a request that is about to leave.
    ///
    /// # Errors
    ///
    /// When it may not; then nothing is entered.
    pub(super) fn enter(&mut self, call: &Call) -> Result<Entry, Refusal> {
        let (requested, devices) = match call {
            Call::List(read) => {
                self.list.check(read)?;
                return Ok(Entry::Page(self.list.begin(read)));
            }
            Call::Sync(device) => (Requested::Single, vec![*device]),
            Call::Batch(items) => {
                let devices = items.iter().map(|item| item.device).collect();
                (Requested::Envelope, devices)
            }
            Call::Bulk(devices) => (Requested::Bulk, devices.clone()),
        };
        let mut entered = Vec::with_capacity(devices.len());
        for device in devices {
            match self.enter_sync(device) {
                Ok(at) => entered.push(at),
                Err(refusal) => {
                    self.withdraw(Entry::Syncs(requested, entered));
                    return Err(refusal);
                }
            }
        }
        Ok(Entry::Syncs(requested, entered))
    }

    fn enter_sync(&mut self, device: Guid) -> Result<At, Refusal> {
        if self.plan.is_none() {
            return Err(Refusal::BeforeList(device));
        }
        let at = self
            .devices
            .find_next(device)
            .ok_or(Refusal::NotListed(device))?;
        self.may_sync(self.devices.get(at))?;
        self.devices.get_mut(at).set(State::OnItsWay);
        Ok(at)
    }

    fn may_sync(&self, device: &Device) -> Result<(), Refusal> {
        let id = device.id();
        let settled = |outcome| Refusal::Settled {
            device: id,
            outcome,
        };
        match device.state() {
            State::Open if device.is_reported() => Err(settled("reported as failed")),
            State::Open if device.blamed > self.max_retries.saturating_add(SLACK) => {
                Err(Refusal::Attempts {
                    device: id,
                    attempts: device.attempts,
                })
            }
            State::Open => Ok(()),
            State::Unselected | State::Unlisted => Err(Refusal::NotSelected(id)),
            State::Unsupported => Err(Refusal::Unsupported(id)),
            State::OverLimit => Err(Refusal::OverLimit {
                device: id,
                limit: self.devices.limit(),
            }),
            State::OnItsWay => Err(Refusal::OnItsWay(id)),
            State::Accepted => Err(settled("accepted")),
            State::Gone => Err(settled("gone")),
            State::Refused | State::Forbidden => Err(settled("refused")),
        }
    }

    /// The request leaves now.
    pub(super) fn left(&mut self, entry: &Entry) {
        self.counts.requests += 1;
        if let Entry::Syncs(_, devices) = entry {
            self.counts.syncs += devices.len() as u64;
            for at in devices {
                let device = self.devices.get_mut(*at);
                device.attempts = device.attempts.saturating_add(1);
            }
        }
    }

    /// The request does not leave: all is as it was.
    pub(super) fn withdraw(&mut self, entry: Entry) {
        match entry {
            Entry::Page(reading) => self.list.withdraw(reading),
            Entry::Syncs(_, devices) => {
                for at in devices {
                    self.devices.get_mut(at).set(State::Open);
                }
            }
        }
    }

    /// The response to a request for a page is one.
    pub(super) fn page(&mut self, reading: Reading, page: &Page<'_>) {
        self.failed_in_a_row = 0;
        match self.list.page(reading, page) {
            PageOf::Known => return,
            PageOf::NewList => self.devices.begin(),
            PageOf::SameList => {}
        }
        for row in &page.value {
            self.devices.row(row);
        }
        if self.list.is_complete() {
            self.plan = Some(self.devices.complete());
        }
    }

    /// The response to a request for a page is not a page.
    pub(super) fn no_page(&mut self, reading: Reading, verdict: Verdict) {
        if verdict == Verdict::Throttled {
            self.counts.throttled += 1;
        }
        if matches!(verdict, Verdict::Transient | Verdict::Success) {
            self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        }
        self.list.failed(reading, verdict);
    }

    /// The response to a request for syncs has come, or none will.
    pub(super) fn synced(&mut self, devices: &[At], outcomes: Outcomes, client_id: Guid) {
        self.counts.throttled += outcomes.throttled;
        let came = |came: fn(&Came) -> bool| outcomes.of.iter().any(|(each, _)| came(each));
        if came(Came::is_definite) {
            self.failed_in_a_row = 0;
        } else if came(|came| *came == Came::Failed) {
            self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        }
        let is_outage = self.failed_in_a_row >= OUTAGE_FAILURES;
        for (at, (came, trouble)) in devices.iter().zip(outcomes.of) {
            let device = self.devices.get_mut(*at);
            let state = match came {
                Came::Accepted => State::Accepted,
                Came::Gone => State::Gone,
                Came::Refused => State::Refused,
                Came::Forbidden => State::Forbidden,
                Came::TokenRefused => {
                    device.token_refusals = device.token_refusals.saturating_add(1);
                    State::Open
                }
                Came::Failed => {
                    device.failures = device.failures.saturating_add(1);
                    if !is_outage {
                        device.blamed = device.blamed.saturating_add(1);
                    }
                    State::Open
                }
                Came::Undecided => State::Open,
            };
            device.set(state);
            if came.is_definite() {
                self.devices.settle(*at);
            }
            match came {
                Came::Accepted | Came::Gone => {
                    self.troubles.remove(at);
                }
                _ => {
                    let client_request_id = Some(client_id);
                    let trouble = Trouble {
                        client_request_id,
                        ..trouble
                    };
                    self.troubles.insert(*at, trouble);
                }
            }
        }
    }

    /// Whether a device may be given up after failures that may pass: each of those in an outage counts too, since the
    /// engine takes Graph to be down later than the books.
    pub(super) fn is_exhausted(&self, device: &Device) -> bool {
        device.failures > self.max_retries
    }
}
