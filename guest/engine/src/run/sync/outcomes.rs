//! What becomes of a device: its final outcome, or another attempt.

use core::time::Duration;

use intune_sync_graph::{Missing, Verdict};

use super::{Opening, Route, Syncing, forbidden::Permission, refused::Blame};
use crate::{
    contract::{Failure, Outcome, Retried, RunStatus},
    devices::Position,
    http::RequestId,
    run::{
        ledger::{Ledger, Reported},
        problems::{self, Needed},
        response::Judged,
        traffic::{Sent, Traffic},
    },
};

/// Failures of shared requests after which a device is sent in a separate one: a device that spoils a batch must not
/// cost the others their sync.
const SHARED_FAILURES_MAX: u8 = 2;

impl Syncing {
    /// Whether the token may be to blame for devices that were refused for it.
    pub(super) fn blames_token(
        &mut self,
        positions: &[Position],
        items: &mut [Judged],
        sent: &Sent,
        traffic: &mut Traffic,
    ) -> bool {
        if items.iter().any(|item| item.verdict == Verdict::Success) {
            self.refused.accepted(sent.token);
        }
        let mut is_to_blame = false;
        for (position, item) in positions.iter().zip(items) {
            if item.verdict == Verdict::TokenRefused {
                match self.refused.refuse(*position, sent.token) {
                    Blame::Token => is_to_blame = true,
                    Blame::Open => {}
                    Blame::OpenForGood => {
                        traffic.excuse(sent.token);
                        is_to_blame = true;
                    }
                    Blame::Device => item.verdict = Verdict::Rejected,
                }
            }
        }
        is_to_blame
    }

    /// Handles what a request has brought for each of its devices.
    pub(super) fn handle_items(
        &mut self,
        positions: &[Position],
        items: Vec<Judged>,
        sent: &Sent,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        if items.iter().any(|item| item.verdict.is_definite()) {
            self.opening = Opening::Proven;
        }
        let now = traffic.now();
        if items.iter().any(|item| item.verdict == Verdict::Success) {
            self.refused.accepted(sent.token);
            let settled = self.forbidden.accepted(sent.id);
            self.fail_forbidden(settled, now, ledger);
        }
        let (mut urgent, mut last, mut forbidden) = (Vec::new(), Vec::new(), Vec::new());
        let mut retried: Option<(u32, Duration, Judged)> = None;
        for (position, item) in positions.iter().copied().zip(items) {
            match item.verdict {
                Verdict::Success => self.done(position, Outcome::Accepted, now, ledger),
                Verdict::NotFound => self.done(position, Outcome::Gone, now, ledger),
                Verdict::Rejected
                | Verdict::Unsupported
                | Verdict::TooLarge
                | Verdict::QueryRefused => self.done(position, failed(&item), now, ledger),
                Verdict::Throttled => urgent.push(position),
                Verdict::TokenRefused => last.push(position),
                // Undecided until the end of the loop.
                Verdict::NotAuthorized(missing) => forbidden.push((position, missing, item)),
                Verdict::Transient | Verdict::ItemsFailed => {
                    if item.status.is_none() {
                        self.shared_request_failed(position, traffic);
                    }
                    if let Some(wait) = self.try_again(position, &item, traffic, ledger) {
                        retried = Some(match retried {
                            Some((devices, least, first)) => (devices + 1, least.min(wait), first),
                            None => (1, wait, item),
                        });
                    }
                }
            }
        }
        self.schedule.urgent(&urgent);
        self.schedule.last(&last);
        self.hold_forbidden(forbidden, sent, ledger);
        if let Some((devices, wait, first)) = retried {
            let reason = (first.status, &first.error);
            ledger.retrying(Retried::Sync, devices, reason, wait);
        }
    }

    /// A shared request failed as a whole: each of its devices is tried again.
    pub(super) fn retry_all(
        &mut self,
        positions: &[Position],
        judged: &Judged,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        let (mut devices, mut least) = (0, Duration::MAX);
        for position in positions {
            self.shared_request_failed(*position, traffic);
            if let Some(wait) = self.try_again(*position, judged, traffic, ledger) {
                devices += 1;
                least = least.min(wait);
            }
        }
        if devices > 0 {
            let reason = (judged.status, &judged.error);
            ledger.retrying(Retried::Batch, devices, reason, least);
        }
    }

    pub(super) fn fall_back(&mut self, route: Route, notice: String, ledger: &mut Ledger) {
        if self.route != route {
            self.route = route;
            ledger.notice(notice);
        }
    }

    fn shared_request_failed(&mut self, position: Position, traffic: &Traffic) {
        if traffic.is_outage() {
            return;
        }
        let failures = self.devices.device(position).failures;
        if self.route != Route::Single && failures + 1 >= SHARED_FAILURES_MAX {
            self.schedule.isolate(position);
        }
    }

    /// Tries a device again after a transient failure, or gives it up. Returns the wait if it is tried again.
    fn try_again(
        &mut self,
        position: Position,
        judged: &Judged,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) -> Option<Duration> {
        let device = self.devices.device_mut(position);
        // An outage is not a failure of the device.
        if !traffic.is_outage() {
            device.failures = device.failures.saturating_add(1);
        }
        let failures = u32::from(device.failures);
        if failures > self.max_retries {
            self.done(position, failed(judged), traffic.now(), ledger);
            return None;
        }
        let named = judged.named_wait.unwrap_or_default();
        let wait = traffic.backoff(failures.max(1)).max(named);
        ledger.count_retry();
        self.schedule.again_at(position, traffic.now() + wait);
        Some(wait)
    }

    /// Holds the devices that the identity may not sync, or ends the run if it may sync none.
    fn hold_forbidden(
        &mut self,
        forbidden: Vec<(Position, Missing, Judged)>,
        sent: &Sent,
        ledger: &mut Ledger,
    ) {
        let Some((_, missing, first)) = forbidden.first() else {
            return;
        };
        let problem = problems::not_authorized(*missing, Needed::Sync, &first.error);
        let held = forbidden
            .iter()
            .map(|(position, _, item)| (*position, failed(item)));
        let next = RequestId(ledger.requests());
        let permitted = self.refused.was_accepted(sent.token);
        if !permitted || self.forbidden.hold(held, sent.id, next) == Permission::Lost {
            ledger.end(RunStatus::NotAuthorized(problem));
        }
    }

    /// Devices that the identity may not sync have failed, since it may sync others. After the end of the run they stay
    /// pending.
    pub(super) fn fail_forbidden(
        &mut self,
        devices: Vec<(Position, Outcome)>,
        now: Duration,
        ledger: &mut Ledger,
    ) {
        if ledger.has_ended() {
            return;
        }
        for (position, failure) in devices {
            self.done(position, failure, now, ledger);
        }
    }

    /// A device has its final outcome.
    fn done(&mut self, position: Position, outcome: Outcome, now: Duration, ledger: &mut Ledger) {
        let device = self.devices.device_mut(position);
        debug_assert!(!device.done, "a device has one final outcome");
        device.done = true;
        self.refused.forget(position);
        let (fleet, at) = self.devices.in_fleet(position);
        ledger.device_done(Reported::of(fleet, at), outcome);
        if let Some(batch) = self.schedule.done(position, now) {
            ledger.batch_finished(batch);
        }
    }
}

fn failed(judged: &Judged) -> Outcome {
    Outcome::Failed(Failure {
        status: judged.status,
        code: judged.error.code.clone(),
        message: judged.error.message.clone(),
        request_id: judged.error.request_id.clone(),
        client_request_id: judged.client_request_id.to_string(),
    })
}
