//! How fast: [`Pacing`], the only door to the rate controller, the throttle, the retry budget and the backoff.
//!
//! A response concerns several of them, and their order matters: the rate controller counts what was admitted before
//! it learns that a throttle window is over. [`Pacing`] keeps that order, so that nothing outside has to.

mod backoff;
mod budget;
mod controller;
mod pacer;
mod throttle;
mod trailing;

use core::time::Duration;

use self::{
    backoff::{exponential, full_jitter, upper_half},
    budget::RetryBudget,
    controller::{Admission, RateController},
    pacer::{Pacer, SPAN, WINDOW},
    throttle::{Limit, Reopened, Throttle},
    trailing::Trailing,
};
use crate::{contract::Learned, http::RequestId};

/// Decides when requests may leave, and learns from what became of them.
#[derive(Debug, Clone)]
pub(crate) struct Pacing {
    rate: RateController,
    throttle: Throttle,
    budget: RetryBudget,
    bulk_cost: BulkCost,
    /// Devices that bulk calls have carried past the quota while a call counts as one write.
    carried: Trailing,
    ceiling: u64,
    initial_backoff: Duration,
}

/// What a request carries, as far as the quota of writes counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// A page of the list: not a write.
    Page,
    /// This many syncs, each of which counts.
    Syncs(u32),
    /// A bulk call with this many devices.
    Bulk(u32),
}

/// How the quota counts a bulk call. Nobody documents it, so the cheaper way is assumed until it is refuted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BulkCost {
    /// As one write.
    Call,
    /// As one write for each device it carries.
    Device,
}

/// A request that is on the wire. Handed back with its outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Departure {
    id: RequestId,
    at: Duration,
    load: Load,
    /// Writes that it counts as.
    cost: u32,
}

/// What became of a request, as far as pacing is concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SendOutcome {
    pub(crate) writes: Writes,
    /// The wait that the response asks for, if it asks for one.
    pub(crate) slow_down: Option<SlowDown>,
    pub(crate) progress: Progress,
    /// Devices of a bulk call that its response accounts for.
    pub(crate) reported: u32,
}

/// How the quota took the writes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    /// All were admitted: something else than the quota has responded.
    Admitted,
    /// All were throttled.
    Throttled,
    /// It is not known whether they reached the quota.
    Unknown,
    /// Each item was counted separately.
    Items { admitted: u32, throttled: u32 },
}

/// A response that asks for a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlowDown {
    /// The time that it names, if any.
    pub(crate) named: Option<Duration>,
}

/// What a response means for the retry budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It says something definite.
    Made,
    /// A failure that calls for another attempt.
    Failed,
    /// Neither, as with a throttled response.
    None,
}

/// A throttle window that a response has opened or made longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThrottleWindow {
    /// Until its end.
    pub(crate) wait: Duration,
    /// Whether the response named a time.
    pub(crate) named: bool,
}

/// Why it makes no sense to wait any longer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// Graph named a time that is this far away.
    TooLong(Duration),
    /// Nothing but throttled responses for this long.
    OnlyThrottled(Duration),
    /// Nothing but failures for this long.
    NothingSucceeds(Duration),
}

impl Pacing {
    /// Pacing under this ceiling, in syncs per 1,000 seconds, that gives up when nothing has succeeded for
    /// `give_up_after`.
    pub(crate) fn new(ceiling: u64, initial_backoff: Duration, give_up_after: Duration) -> Self {
        Self {
            rate: RateController::new(ceiling),
            throttle: Throttle::new(initial_backoff, give_up_after),
            budget: RetryBudget::new(give_up_after),
            bulk_cost: BulkCost::Call,
            carried: Trailing::default(),
            ceiling,
            initial_backoff,
        }
    }

    /// The same, where an earlier part of the run has ended.
    pub(crate) fn with(mut self, learned: Learned) -> Self {
        if learned.bulk_counts_devices {
            self.bulk_cost = BulkCost::Device;
        }
        self.rate.begin_at(learned.rate);
        self
    }

    /// When the next request may leave, if it carries `most` at most; `None` while that depends on the response to a
    /// probe.
    pub(crate) fn free_at(&self, now: Duration, most: Load) -> Option<Duration> {
        let throttle = self.throttle.free_at()?;
        Some(match self.cost(most) {
            0 => throttle,
            cost => throttle.max(self.rate.free_at(now, cost)),
        })
    }

    /// How many devices, at most those of `most`, a request that leaves now may carry.
    pub(crate) fn portion(&mut self, now: Duration, most: Load) -> u32 {
        let portion = self.rate.portion(now, self.cost(most));
        match (most, self.bulk_cost) {
            (Load::Page, _) => 0,
            (Load::Bulk(devices), BulkCost::Call) => devices,
            (Load::Syncs(_), _) | (Load::Bulk(_), BulkCost::Device) => portion,
        }
    }

    /// A request leaves.
    pub(crate) fn sent(&mut self, now: Duration, id: RequestId, load: Load) -> Departure {
        let cost = self.cost(load);
        self.throttle.sent(id);
        if cost > 0 {
            self.rate.sent(now, id, cost);
        }
        Departure {
            id,
            at: now,
            load,
            cost,
        }
    }

    /// A response has come, or never will. Returns the throttle window if this has changed it.
    pub(crate) fn handle_response(
        &mut self,
        now: Duration,
        sent: Departure,
        outcome: SendOutcome,
        random: &mut fastrand::Rng,
    ) -> Option<ThrottleWindow> {
        if sent.cost > 0 {
            let admission = outcome.admission(sent.cost);
            self.rate.handle_response(now, sent.id, sent.at, admission);
        }
        match outcome.progress {
            Progress::Made => self.budget.succeeded(now),
            Progress::Failed => self.budget.failed(now),
            Progress::None => {}
        }
        let window = match outcome.slow_down {
            None if outcome.progress == Progress::Failed && self.is_outage() => {
                // One request at a time shows when it is over.
                self.throttle.close(now, None, Limit::Unknown, random);
                None
            }
            Some(SlowDown { named }) => {
                let before = self.throttle.free_at();
                let limit = self.rate.limit(now);
                let wait = self.throttle.close(now, named, limit, random);
                let changed = self.throttle.free_at() != before;
                changed.then_some(ThrottleWindow {
                    wait,
                    named: named.is_some(),
                })
            }
            None => {
                if self.throttle.admitted(sent.id) == Reopened::Yes {
                    self.rate.reopened(now);
                }
                None
            }
        };
        if let (Load::Bulk(_), BulkCost::Call) = (sent.load, self.bulk_cost) {
            self.learn_bulk_cost(now, outcome);
        }
        if outcome.progress == Progress::Made {
            self.throttle.succeeded(now);
        }
        window
    }

    /// Whether to give up for now.
    pub(crate) fn gave_up(&self, now: Duration) -> Option<GaveUp> {
        let failed = self.budget.exhausted(now).map(GaveUp::NothingSucceeds);
        failed.or_else(|| self.throttle.gave_up(now))
    }

    /// Whether Graph is taken to be down.
    pub(crate) fn is_outage(&self) -> bool {
        self.budget.is_outage()
    }

    /// What was learned about the quota, if anything was.
    pub(crate) fn learned(&self) -> Option<Learned> {
        let bulk_counts_devices = self.bulk_cost == BulkCost::Device;
        let rate = self.rate.learned();
        let rate = rate.or_else(|| bulk_counts_devices.then_some(self.ceiling))?;
        Some(Learned {
            rate,
            bulk_counts_devices,
        })
    }

    /// The wait after this many failures in a row, at least 1.
    pub(crate) fn backoff(&self, failures: u32, random: &mut fastrand::Rng) -> Duration {
        full_jitter(
            exponential(self.initial_backoff, failures.saturating_sub(1)),
            random,
        )
    }

    /// How a bulk call is counted, as far as is known.
    pub(crate) fn bulk_cost(&self) -> BulkCost {
        self.bulk_cost
    }

    /// Writes that a request counts as.
    fn cost(&self, load: Load) -> u32 {
        match (load, self.bulk_cost) {
            (Load::Page, _) => 0,
            (Load::Bulk(_), BulkCost::Call) => 1,
            (Load::Syncs(devices), _) | (Load::Bulk(devices), BulkCost::Device) => devices,
        }
    }

    /// A bulk call that was charged as one write was throttled: perhaps it counts as one for each device it carries.
    /// Unless bulk calls have carried more than twice the ceiling past the quota in the last window, which is the whole
    /// tenant's share: then there were too many calls.
    fn learn_bulk_cost(&mut self, now: Duration, outcome: SendOutcome) {
        let window = now.saturating_sub(SPAN);
        if outcome.reported > 0 {
            self.carried.forget(window);
            self.carried.add(now, outcome.reported);
        }
        let carried = self.carried.after(window);
        if outcome.writes == Writes::Throttled && carried <= 2 * self.rate.ceiling() {
            self.bulk_cost = BulkCost::Device;
            let carried = u32::try_from(carried).unwrap_or(u32::MAX);
            self.rate.charge_devices(now, self.ceiling, carried);
        }
    }
}

impl SendOutcome {
    /// As the rate controller counts it.
    fn admission(&self, cost: u32) -> Admission {
        let (admitted, throttled) = match self.writes {
            Writes::Admitted => (cost, 0),
            Writes::Throttled => (0, cost),
            Writes::Unknown => (0, 0),
            Writes::Items {
                admitted,
                throttled,
            } => (admitted, throttled),
        };
        Admission {
            admitted,
            throttled,
            named_wait: self.slow_down.and_then(|slow_down| slow_down.named),
        }
    }
}
