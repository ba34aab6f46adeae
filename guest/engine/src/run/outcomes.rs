//! What becomes of a device: its final outcome, or another attempt.

use core::time::Duration;

use intune_sync_graph::GraphError;
use intune_sync_ids::Guid;

use super::{Phase, Place, Run, answers::Answer, millis, whole_millis};
use crate::{
    contract::{DeviceDone, EventKind, Failure, Outcome, Retried, Retrying},
    pacing::{exponential, full_jitter},
};

/// A device whose token is refused again and again, while others go through, is refused for another reason.
const REFUSALS_MAX: u8 = 5;

impl Run {
    pub(super) fn device_accepted(&mut self, place: Place) {
        self.done(place, Outcome::Accepted);
    }

    pub(super) fn device_gone(&mut self, place: Place) {
        self.done(place, Outcome::Gone);
    }

    pub(super) fn device_failed(&mut self, place: Place, answer: &Answer) {
        self.done(
            place,
            Outcome::Failed(Failure {
                status: answer.status,
                code: answer.error.code.clone(),
                message: answer.error.message.clone(),
                request_id: answer.error.request_id.clone(),
                client_request_id: answer.client_request_id.to_string(),
            }),
        );
    }

    /// Tries a device again after a transient failure, or gives it up. Answers the wait if it is tried again.
    pub(super) fn try_again(&mut self, place: Place, answer: &Answer) -> Option<Duration> {
        let Phase::Syncing(syncing) = &mut self.phase else {
            return None;
        };
        let device = syncing.fleet.device_mut(syncing.order[place as usize]);
        device.failures = device.failures.saturating_add(1);
        let failures = u32::from(device.failures);
        if failures > self.settings.max_retries {
            self.device_failed(place, answer);
            return None;
        }
        let wait = self
            .backoff(failures)
            .max(answer.named_wait.unwrap_or_default());
        self.counts.retries += 1;
        if let Phase::Syncing(syncing) = &mut self.phase {
            syncing.schedule.again_at(place, self.now + wait);
        }
        Some(wait)
    }

    /// The wait after so many failures in a row, at least 1.
    pub(super) fn backoff(&mut self, failures: u32) -> Duration {
        full_jitter(
            exponential(self.settings.initial_backoff, failures.saturating_sub(1)),
            &mut self.random,
        )
    }

    /// Hands devices back to be sent before all else. It costs them no attempt.
    pub(super) fn urgent(&mut self, places: &[Place]) {
        if let Phase::Syncing(syncing) = &mut self.phase {
            syncing.schedule.urgent(places);
        }
    }

    /// From now on the device goes in a request of its own.
    pub(super) fn isolate(&mut self, place: Place) {
        if let Phase::Syncing(syncing) = &mut self.phase {
            syncing.schedule.isolate(place);
        }
    }

    pub(super) fn failures(&self, place: Place) -> u8 {
        match &self.phase {
            Phase::Syncing(syncing) => syncing.fleet.device(syncing.order[place as usize]).failures,
            Phase::Listing(_) | Phase::Over => 0,
        }
    }

    pub(super) fn refused_too_often(&mut self, place: Place) -> bool {
        let Phase::Syncing(syncing) = &mut self.phase else {
            return false;
        };
        let refusals = syncing.refusals.entry(place).or_default();
        *refusals += 1;
        *refusals > REFUSALS_MAX
    }

    pub(super) fn tell_device(&mut self, id: Guid, name: String, attempts: u8, outcome: Outcome) {
        let done = DeviceDone {
            id: id.into(),
            name,
            attempts: attempts.into(),
            outcome,
        };
        self.tell(EventKind::DeviceDone(done));
    }

    pub(super) fn tell_retrying(
        &mut self,
        what: Retried,
        devices: u32,
        status: Option<u16>,
        error: &GraphError,
        wait: Duration,
    ) {
        let code = error.code.clone();
        let wait = millis(whole_millis(wait));
        self.tell(EventKind::Retrying(Retrying {
            what,
            devices,
            status,
            code,
            wait,
        }));
    }

    fn done(&mut self, place: Place, outcome: Outcome) {
        let Phase::Syncing(syncing) = &mut self.phase else {
            return;
        };
        let at = syncing.order[place as usize];
        let device = syncing.fleet.device_mut(at);
        debug_assert!(!device.done, "a device has one final outcome");
        device.done = true;
        let (id, attempts) = (device.id(), device.attempts);
        let name = syncing.fleet.name(at).to_owned();
        let finished = syncing.schedule.done(place, self.now);
        syncing.refusals.remove(&place);
        match &outcome {
            Outcome::Accepted => self.counts.success += 1,
            Outcome::Gone => self.counts.gone += 1,
            Outcome::Failed(_) => self.counts.error += 1,
            Outcome::Skipped(_) => self.counts.skipped += 1,
        }
        self.tell_device(id, name, attempts, outcome);
        if let Some(batch) = finished {
            self.counts.batches += 1;
            self.tell(EventKind::BatchFinished(batch));
        }
    }
}
