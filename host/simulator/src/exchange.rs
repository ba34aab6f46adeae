//! One request to Graph while it is carried out: what there is to know about it, and what can befall it.

use crate::call::Target;
use crate::clock::{Clock, Millis};
use crate::config::{Approval, Config, Share};
use crate::dice::{Dice, Matter};
use crate::entra::Entra;
use crate::errors::{APPROVAL_HEADER, About, Refusal};
use crate::faults::{self, Fault};
use crate::fleet::Fleet;
use crate::guid::Guid;
use crate::identity::Identity;
use crate::reply::Reply;
use crate::retry_after::RetryAfter;
use crate::statistics::Ledger;
use crate::throttle::Throttle;
use crate::tokens::Tokens;

/// All that changes.
pub(crate) struct State {
    pub(crate) fleet: Fleet,
    pub(crate) throttle: Throttle,
    pub(crate) tokens: Tokens,
    pub(crate) identity: Identity,
    pub(crate) entra: Entra,
    pub(crate) ledger: Ledger,
    pub(crate) requests: u64,
}

/// One request while it is carried out.
pub(crate) struct Exchange<'request> {
    pub(crate) config: &'request Config,
    pub(crate) clock: Clock,
    pub(crate) dice: Dice,
    pub(crate) state: &'request mut State,
    /// The request's number, from 0 in the order of arrival.
    pub(crate) ordinal: u64,
    pub(crate) now: Millis,
    pub(crate) client_request_id: &'request str,
    /// The device or devices are past the attempts that faults are limited to.
    pub(crate) spared: bool,
}

impl<'request> Exchange<'request> {
    /// What an error body says about the request. `part` is another number for each item of a batch.
    pub(crate) fn about(&self, part: u64) -> About<'request> {
        let roll = |matter| self.dice.roll(matter, self.ordinal << 8 | part);
        let hi = roll(Matter::RequestId);
        About {
            style: self.config.error_style,
            request_id: Guid::random(hi, hi.rotate_left(29) ^ self.ordinal),
            client_request_id: self.client_request_id,
            date: self.clock.time_of_day(self.now),
            roll: roll(Matter::ErrorStyle),
        }
    }

    /// The answer that says why not.
    pub(crate) fn refuse(&mut self, refusal: &Refusal) -> Reply {
        match refusal.status {
            401 => self.state.ledger.statistics.unauthorized += 1,
            403 => self.state.ledger.statistics.refused += 1,
            429 => self.state.ledger.statistics.throttled_requests += 1,
            _ => {}
        }
        Reply::refused(refusal, &self.about(0))
    }

    /// Whether the request as a whole meets a fault.
    pub(crate) fn meets(&mut self, fault: Fault, share: Share) -> bool {
        !self.spared
            && faults::met(
                &mut self.state.ledger,
                self.dice,
                fault,
                share,
                self.ordinal,
            )
    }

    /// Whether a sync of one device meets a fault.
    pub(crate) fn target_meets(&mut self, target: &Target, fault: Fault, share: Share) -> bool {
        let spared = self
            .config
            .faults
            .first_attempts
            .is_some_and(|most| target.attempt > most);
        !spared
            && faults::met(
                &mut self.state.ledger,
                self.dice,
                fault,
                share,
                target.subject(),
            )
    }

    /// A transient failure, chosen by `subject`.
    pub(crate) fn failure(&self, subject: u64) -> Refusal {
        let statuses = &self.config.faults.statuses;
        let status = self
            .dice
            .pick(statuses, Matter::Status, subject)
            .copied()
            .unwrap_or(500);
        let mut refusal = Refusal::failed(status);
        let named = self.config.faults.unavailable_retry_after;
        if status == 503 && self.dice.chance(named, Matter::StatusRetryAfter, subject) {
            refusal.retry_after =
                Some(self.retry_after(self.config.retry_after.unavailable_ms.into(), subject));
        }
        refusal
    }

    /// Tells the caller to wait.
    pub(crate) fn retry_after(&self, wait: Millis, subject: u64) -> RetryAfter {
        let config = &self.config.retry_after;
        let roll = self.dice.roll(Matter::RetryAfterForm, subject);
        RetryAfter::new(
            config.form,
            wait.max(config.min_ms.into()),
            self.clock,
            self.now,
            roll,
        )
    }

    /// Takes requests from the quota for requests of any kind.
    pub(crate) fn take_request(&mut self, cost: u32) -> Result<(), Refusal> {
        let wait = self.state.throttle.request(self.now, cost);
        wait.map_err(|wait| Refusal::throttled(self.retry_after(wait, self.ordinal)))
    }

    /// Takes writes from the quota for writes. `subject` chooses the form in which a wait is told.
    pub(crate) fn take_write(&mut self, cost: u32, subject: u64) -> Result<(), Refusal> {
        let wait = self.state.throttle.write(self.now, cost);
        self.state.ledger.write(self.now, cost, wait.is_ok());
        wait.map_err(|wait| Refusal::throttled(self.retry_after(wait, subject)))
    }

    /// Whether the caller may sync devices.
    pub(crate) fn may_sync(&self) -> Result<(), Refusal> {
        self.state.tokens.may_sync(self.state.ledger.writes)?;
        let Some(approval) = self.config.tokens.approval else {
            return Ok(());
        };
        let (status, code) = match approval {
            Approval::BadRequest => (400, "BadRequest"),
            Approval::Forbidden => (403, "Forbidden"),
        };
        let message = format!(
            "This action is protected by Multi Admin Approval: a request must carry the header {APPROVAL_HEADER}"
        );
        Err(Refusal {
            approval: true,
            ..Refusal::new(status, code, message)
        })
    }
}
