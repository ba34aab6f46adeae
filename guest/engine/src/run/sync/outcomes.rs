//! What becomes of a device: its final outcome, or another attempt.

use core::{mem, time::Duration};

use intune_sync_graph::Verdict;

use super::{Opening, Route, Syncing};
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

/// A device whose token is refused again and again, while others are accepted, is refused for another reason.
const REFUSALS_MAX: u8 = 5;
/// This many devices that the identity may not sync, and none in between that it may: it has lost the permission.
const FORBIDDEN_MAX: usize = 20;
/// Failures of shared requests after which a device is sent in a separate one: a device that spoils a batch must not cost
/// the others their sync.
const SHARED_FAILURES_MAX: u8 = 2;

/// A device that the identity may not sync. Whether that is the device's fault shows when others are accepted later.
#[derive(Debug, Clone)]
pub(super) struct Forbidden {
    position: Position,
    request: RequestId,
    failure: Outcome,
}

impl Syncing {
    /// Whether a sync was accepted with the token of this request, or with a later one.
    pub(super) fn was_accepted(&self, sent: &Sent) -> bool {
        self.accepted >= Some(sent.token)
    }

    /// A token that is refused for some devices and accepted for others is not to blame: such a device is tried again
    /// after the others and with other tokens, and then fails.
    pub(super) fn excuse_token(
        &mut self,
        positions: &[Position],
        items: &mut [Judged],
        sent: &Sent,
        traffic: &mut Traffic,
    ) {
        if items.iter().any(|item| item.verdict == Verdict::Success) {
            self.accepted = self.accepted.max(Some(sent.token));
        }
        let was_accepted = self.was_accepted(sent);
        let (mut refused, mut known) = (0, 0);
        for (position, item) in positions.iter().zip(items) {
            let is_known = self.refusals.contains_key(position);
            if item.verdict != Verdict::TokenRefused {
                continue;
            }
            refused += 1;
            known += u32::from(is_known);
            if is_known || was_accepted {
                let refusals = self.refusals.entry(*position).or_default();
                *refusals += 1;
                if *refusals > REFUSALS_MAX {
                    item.verdict = Verdict::Rejected;
                }
            }
        }
        if known > 0 && known == refused {
            traffic.excuse(sent.token);
        }
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
        let accepted = items.iter().any(|item| item.verdict == Verdict::Success);
        if accepted {
            self.accepted = self.accepted.max(Some(sent.token));
            self.settle_forbidden(Some(sent.id), now, ledger);
        }
        let (mut urgent, mut last) = (Vec::new(), Vec::new());
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
                // The run has ended for it: the device stays pending.
                Verdict::NotAuthorized(_) if ledger.has_ended() => {}
                Verdict::NotAuthorized(missing) => {
                    self.forbidden.push(Forbidden {
                        position,
                        request: sent.id,
                        failure: failed(&item),
                    });
                    let many = !accepted && self.forbidden.len() >= FORBIDDEN_MAX;
                    if many || !self.was_accepted(sent) {
                        let problem = problems::not_authorized(missing, Needed::Sync, &item.error);
                        ledger.end(RunStatus::NotAuthorized(problem));
                        self.forbidden = Vec::new();
                    }
                }
                Verdict::Transient | Verdict::ItemsFailed => {
                    if item.status.is_none() {
                        self.shared_request_failed(position);
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
            self.shared_request_failed(*position);
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

    fn shared_request_failed(&mut self, position: Position) {
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
        device.failures = device.failures.saturating_add(1);
        let failures = u32::from(device.failures);
        if failures > self.max_retries {
            self.done(position, failed(judged), traffic.now(), ledger);
            return None;
        }
        let named = judged.named_wait.unwrap_or_default();
        let wait = traffic.backoff(failures).max(named);
        ledger.count_retry();
        self.schedule.again_at(position, traffic.now() + wait);
        Some(wait)
    }

    /// The devices that the identity may not sync have failed, if others were accepted: by this request, which left
    /// after those that were refused; `None` when there is no other left.
    pub(super) fn settle_forbidden(
        &mut self,
        accepted: Option<RequestId>,
        now: Duration,
        ledger: &mut Ledger,
    ) {
        if ledger.has_ended() {
            return;
        }
        let is_settled = |forbidden: &Forbidden| accepted.is_none_or(|id| forbidden.request < id);
        let all = mem::take(&mut self.forbidden).into_iter();
        let (settled, open): (Vec<_>, Vec<_>) = all.partition(is_settled);
        self.forbidden = open;
        for Forbidden {
            position, failure, ..
        } in settled
        {
            self.done(position, failure, now, ledger);
        }
    }

    /// A device has its final outcome.
    fn done(&mut self, position: Position, outcome: Outcome, now: Duration, ledger: &mut Ledger) {
        let device = self.devices.device_mut(position);
        debug_assert!(!device.done, "a device has one final outcome");
        device.done = true;
        let (id, attempts) = (device.id(), device.attempts);
        let name = self.devices.name(position).to_owned();
        self.refusals.remove(&position);
        ledger.device_done(Reported { id, name, attempts }, outcome);
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
