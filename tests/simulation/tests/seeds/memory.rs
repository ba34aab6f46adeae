//! How much memory a run holds: once the list is complete, it does not grow with the work done.

use intune_sync_engine::{
    Run,
    contract::{Event, EventKind},
    http::{NoResponse, Request, RequestId, Response},
};
use intune_sync_simulation::{Checks, Observer};
use intune_sync_simulator::Tenant;

/// The size is measured this often, in milliseconds of the run.
const EVERY: u64 = 5_000;

/// The most that the logs of the rate controller hold for each request: an entry of 40 bytes in each of three.
const PER_REQUEST: u64 = 3 * 40;
/// The most that the queues hold for a device that is to be sent again: its position, its time, a number to keep the
/// order; and its entry among those that leave alone or were refused.
const PER_DEVICE: u64 = 80;
/// The most devices whose failure is held while it is in doubt whether they may not be synced, or none may: those that
/// are in flight, the few that raise the doubt, and those of the writes that go alone.
const REFUSED: u64 = 16 * 20 + 8 + 10 * 4;
/// A failure with its texts.
const PER_REFUSED: u64 = 1 << 10;
/// Requests in flight, and the rounding of the allocator.
const SLACK: u64 = 16 << 10;

/// [`Checks`], and the size of the run.
pub(super) struct Sized {
    pub(super) checks: Checks,
    /// The size as the list was complete, and the devices of the run.
    planned: Option<(u64, u64)>,
    to_sync: Option<u32>,
    requests: u64,
    looked_at: u64,
    looks: u64,
}

impl Sized {
    pub(super) fn new(checks: Checks) -> Self {
        Self {
            checks,
            planned: None,
            to_sync: None,
            requests: 0,
            looked_at: 0,
            looks: 0,
        }
    }
}

/// The bytes that a run holds on the heap: as many as a copy of it takes.
fn size(run: &Run) -> u64 {
    allocation_counter::measure(|| drop(run.clone())).bytes_max
}

impl Observer for Sized {
    fn token(&mut self, token: &str) {
        self.checks.token(token);
    }

    fn sent(&mut self, now: u64, request: &Request) {
        self.requests += 1;
        self.checks.sent(now, request);
    }

    fn received(&mut self, now: u64, id: RequestId, response: &Result<Response, NoResponse>) {
        self.checks.received(now, id, response);
    }

    fn event(&mut self, event: &Event) {
        if let EventKind::Planned(plan) = &event.kind {
            self.to_sync = Some(plan.to_sync);
        }
        self.checks.event(event);
    }

    fn settled(&mut self, now: u64, run: &mut Run, tenant: &Tenant) -> bool {
        match (self.planned, self.to_sync) {
            (None, Some(devices)) => self.planned = Some((size(run), devices.into())),
            (Some((planned, devices)), _) if now >= self.looked_at + EVERY => {
                self.looked_at = now;
                self.looks += 1;
                let refused = match self.checks.may_be_refused() {
                    true => REFUSED * PER_REFUSED,
                    false => 0,
                };
                let most =
                    planned + PER_REQUEST * self.requests + PER_DEVICE * devices + refused + SLACK;
                let size = size(run);
                self.checks.expect(now, size <= most, || {
                    format!("the run holds {size} bytes, and {planned} as the list was complete")
                });
                // It takes its time to write a run out: now and then is often enough.
                if self.looks.is_power_of_two() {
                    self.checks.holds_no_token(now, &format!("{run:?}"));
                }
            }
            _ => {}
        }
        self.checks.settled(now, run, tenant)
    }
}
