//! One request to Graph while it is executed, and the operations that all resources share.

use crate::{
    clock::{Clock, Millis},
    config::{Config, Fault, Share},
    dice::{Dice, Draw, random_guid},
    entra::tokens::Caller,
    graph::{
        error::{GraphError, RequestContext},
        target::Target,
    },
    quota::retry_after::RetryAfter,
    response::Response,
    world::{State, World},
};

/// One request while it is executed. It borrows the tenant.
pub(crate) struct Exchange<'request> {
    pub(crate) config: &'request Config,
    pub(crate) clock: Clock,
    pub(crate) dice: Dice,
    pub(crate) state: &'request mut State,
    /// The request's number, from 0 in the order of arrival.
    pub(crate) ordinal: u64,
    pub(crate) now: Millis,
    pub(crate) client_request_id: &'request str,
    /// The owner of the token that came with it.
    pub(crate) caller: Caller,
    /// Whether the request as a whole meets no faults: one of its devices is past the attempts that can.
    exempt: bool,
}

impl<'request> Exchange<'request> {
    pub(crate) fn new(
        world: &'request mut World,
        now: Millis,
        ordinal: u64,
        client_request_id: &'request str,
    ) -> Self {
        Self {
            config: &world.config,
            clock: world.clock,
            dice: world.dice,
            state: &mut world.state,
            ordinal,
            now,
            client_request_id,
            caller: Caller::default(),
            exempt: false,
        }
    }

    /// Exempts the request as a whole from faults if one of its devices is past the attempts that can meet them.
    pub(crate) fn exempt_late_attempts(&mut self, mut targets: impl Iterator<Item = Target>) {
        self.exempt = targets.any(|target| self.is_exempt(target));
    }

    /// The properties that the response mentions. Each item of a batch has its own `part`.
    pub(crate) fn context(&self, part: u64) -> RequestContext<'request> {
        let roll = |draw| self.dice.roll(draw, self.ordinal << 8 | part);
        let hi = roll(Draw::RequestId);
        RequestContext {
            style: self.config.error_style,
            request_id: random_guid(hi, hi.rotate_left(29) ^ self.ordinal),
            client_request_id: self.client_request_id,
            date: self.clock.time_of_day(self.now),
            roll: roll(Draw::ErrorStyle),
        }
    }

    /// Fails the request as a whole.
    pub(crate) fn fail(&mut self, error: &GraphError) -> Response {
        self.count(error);
        error.response(&self.context(0))
    }

    /// Counts a failure of the request as a whole.
    pub(crate) fn count(&mut self, error: &GraphError) {
        match error.status {
            401 => self.state.ledger.statistics.unauthorized += 1,
            403 => self.state.ledger.statistics.refused += 1,
            429 => self.state.ledger.statistics.throttled_requests += 1,
            _ => {}
        }
    }

    /// Whether the request as a whole meets a fault, which is counted.
    pub(crate) fn meets(&mut self, fault: Fault, share: Share) -> bool {
        !self.exempt && self.draw_fault(fault, share, self.ordinal)
    }

    /// Whether the sync of one device meets a fault, which is counted.
    pub(crate) fn target_meets(&mut self, target: &Target, fault: Fault, share: Share) -> bool {
        !self.is_exempt(*target) && self.draw_fault(fault, share, target.subject())
    }

    /// A transient failure, chosen by `subject`.
    pub(crate) fn transient_failure(&self, subject: u64) -> GraphError {
        let statuses = &self.config.faults.statuses;
        let status = self
            .dice
            .pick(statuses, Draw::Status, subject)
            .copied()
            .unwrap_or(500);
        let mut error = GraphError::failed(status);
        let share = self.config.faults.unavailable_retry_after;
        if status == 503 && self.dice.chance(share, Draw::StatusRetryAfter, subject) {
            let wait = self.config.retry_after.unavailable_ms.into();
            error.retry_after = Some(self.retry_after(wait, subject));
        }
        error
    }

    /// Asks the caller to wait. `subject` chooses how this is written.
    pub(crate) fn retry_after(&self, wait: Millis, subject: u64) -> RetryAfter {
        let config = &self.config.retry_after;
        let roll = self.dice.roll(Draw::RetryAfterForm, subject);
        RetryAfter::new(
            config.form,
            wait.max(config.min_ms.into()),
            self.clock,
            self.now,
            roll,
        )
    }

    /// Charges the quota for requests of any kind.
    pub(crate) fn charge_request(&mut self, cost: u32) -> Result<(), GraphError> {
        let admitted = self.state.throttle.request(self.now, cost);
        admitted.map_err(|wait| GraphError::throttled(self.retry_after(wait, self.ordinal)))
    }

    /// Charges the quota for writes. `subject` chooses how a wait is written.
    pub(crate) fn charge_write(&mut self, cost: u32, subject: u64) -> Result<(), GraphError> {
        let admitted = self.state.throttle.write(self.now, cost);
        self.state.ledger.write(self.now, cost, admitted.is_ok());
        admitted.map_err(|wait| GraphError::throttled(self.retry_after(wait, subject)))
    }

    /// Whether the target is past the attempts that can meet faults.
    fn is_exempt(&self, target: Target) -> bool {
        let first_attempts = self.config.faults.first_attempts;
        first_attempts.is_some_and(|most| target.attempt > most)
    }

    fn draw_fault(&mut self, fault: Fault, share: Share, subject: u64) -> bool {
        let met = self.dice.chance(share, fault, subject);
        if met {
            self.state.ledger.fault(fault);
        }
        met
    }
}
