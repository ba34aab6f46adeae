//! One run as a state machine: what to do next, and what each answer means.

mod answers;
mod bulk;
mod forecast;
mod intake;
mod outcomes;
mod problems;
mod requests;
mod syncs;

use core::{mem, time::Duration};
use std::collections::{BTreeMap, BTreeSet};

use intune_sync_graph::{BATCH_MAX, BULK_MAX};
use intune_sync_ids::Guid;

use crate::{
    Settings, TokenAnswer, TokenSerial,
    contract::{Dispatch, Event, EventKind, Problem, RunStatus, Summary},
    fleet::Fleet,
    http::{Request, RequestId},
    pacing::{RateController, RetryBudget, Throttle, Trailing},
    schedule::{Place, Schedule},
    token::Token,
};

/// What a run wants done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Ask for a token and hand the answer to [`Run::token`] before the next step. `rejected` was refused by Graph.
    GetToken {
        /// The refused token, if this is to replace one.
        rejected: Option<TokenSerial>,
    },
    /// Send this now; hand its answer to [`Run::answered`] when it comes.
    Send(Request),
    /// Nothing to do before this time, in whole milliseconds, or before an answer; none: before an answer.
    WaitUntil(Option<Duration>),
    /// The run is over.
    Done,
}

/// One run: list, select, sync.
///
/// The caller takes answers that come at the same instant in the order of their request ids, so that a run with the
/// same settings and the same answers does the same things.
#[derive(Debug, Clone)]
pub struct Run {
    settings: Settings,
    random: fastrand::Rng,
    now: Duration,
    token: Token,
    throttle: Throttle,
    rate: RateController,
    phase: Phase,
    budget: RetryBudget,
    dispatch: Route,
    opening: Opening,
    /// Devices that bulk calls have carried past the quota while a call was taken for one write.
    carried: Trailing,
    in_flight: BTreeMap<RequestId, InFlight>,
    requests: u64,
    /// Devices that an earlier run has done.
    skip: BTreeSet<Guid>,
    events: Vec<Event>,
    counts: Counts,
    /// Why nothing new is started any more; `Running` as long as it is.
    ending: RunStatus,
}

#[derive(Debug, Clone)]
enum Phase {
    Listing(Box<intake::Intake>),
    Syncing(Box<Syncing>),
    Over,
}

/// The writes: the fleet, the order of the run, and what comes next.
#[derive(Debug, Clone)]
struct Syncing {
    fleet: Fleet,
    /// The device at each place.
    order: Vec<u32>,
    schedule: Schedule,
    /// How often a device was refused for its token while others were not.
    refusals: BTreeMap<Place, u8>,
}

/// How devices are put into requests now; falls back, never forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Single,
    Batch,
    Bulk {
        /// Devices a call.
        chunk: usize,
        /// A call counts as one write, as far as is known.
        cheap: bool,
    },
}

/// Whether a write has shown that syncs are possible at all.
///
/// What refuses one device for a missing role or for Multi Admin Approval refuses all of them. So nothing else is sent
/// until one write has told the definite outcome of a device: such a refusal costs one request and not a whole
/// connection pool of them. A throttled or transient failure, or a refused route, leaves the question open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// One write at a time, with [`Opening::DEVICES`] at most.
    Unproven,
    /// As the route has it.
    Proven,
}

#[derive(Debug, Clone)]
struct InFlight {
    what: Sent,
    token: TokenSerial,
    client_request_id: Guid,
    /// Writes that it counts as.
    cost: u32,
    left: Duration,
}

#[derive(Debug, Clone)]
enum Sent {
    Page,
    Single(Place),
    Batch(Vec<Place>),
    Bulk(Vec<Place>),
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    to_sync: u32,
    success: u32,
    error: u32,
    skipped: u32,
    gone: u32,
    /// Of `gone`, those that were never to be sent.
    gone_unlisted: u32,
    batches: u32,
    retries: u64,
    throttled: u64,
}

impl Run {
    /// A run at time zero.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let dispatch = match settings.dispatch {
            Dispatch::Single => Route::Single,
            Dispatch::Batch => Route::Batch,
            Dispatch::Bulk => Route::Bulk {
                chunk: BULK_MAX,
                cheap: true,
            },
        };
        Self {
            random: fastrand::Rng::with_seed(settings.seed),
            now: Duration::ZERO,
            phase: Phase::Listing(Box::new(intake::Intake::new(&settings))),
            token: Token::new(),
            throttle: Throttle::new(settings.initial_backoff),
            rate: RateController::new(settings.ceiling),
            budget: RetryBudget::new(),
            dispatch,
            opening: Opening::Unproven,
            carried: Trailing::default(),
            in_flight: BTreeMap::new(),
            requests: 0,
            skip: BTreeSet::new(),
            events: Vec::new(),
            counts: Counts::default(),
            ending: RunStatus::Running,
            settings,
        }
    }

    /// Takes devices out of the selection that an earlier run has done. Only before the first step.
    pub fn skip(&mut self, devices: impl IntoIterator<Item = Guid>) {
        if self.requests == 0 {
            self.skip.extend(devices);
        }
    }

    /// What to do now. Call it until it says to wait, or that the run is over.
    pub fn step(&mut self, now: Duration) -> Action {
        self.now = self.now.max(now);
        self.give_up_if_hopeless();
        if !matches!(self.ending, RunStatus::Running) {
            return if self.in_flight.is_empty() {
                self.over()
            } else {
                Action::WaitUntil(None)
            };
        }
        let Some(ready_at) = self.ready_at() else {
            let nothing_left = matches!(self.phase, Phase::Syncing(_)) && self.in_flight.is_empty();
            if nothing_left {
                self.ending = RunStatus::Completed;
                return self.over();
            }
            return Action::WaitUntil(None);
        };
        if ready_at > self.now {
            return Action::WaitUntil(Some(whole_millis(ready_at)));
        }
        match self.token {
            Token::Wanted { at, .. } if at > self.now => Action::WaitUntil(Some(whole_millis(at))),
            Token::Wanted { rejected, .. } => Action::GetToken { rejected },
            Token::Held { recheck_at, .. } if recheck_at <= self.now => {
                Action::GetToken { rejected: None }
            }
            Token::Held { serial, .. } => self.send(serial),
        }
    }

    /// The answer to [`Action::GetToken`].
    pub fn token(&mut self, now: Duration, answer: TokenAnswer) {
        self.now = self.now.max(now);
        match answer {
            TokenAnswer::Token { serial, lifetime } => {
                if self.token.answered(self.now, serial, lifetime) {
                    self.tell(EventKind::TokenRenewed);
                }
            }
            TokenAnswer::TryAgain(after) => self.token.try_again(self.now, after),
            TokenAnswer::Denied(reason) => {
                self.end(RunStatus::NotAuthorized(problems::no_token(&reason)))
            }
        }
    }

    /// Finish what is in flight, start nothing new.
    pub fn stop(&mut self) {
        self.end(RunStatus::Stopped);
    }

    /// What has happened since this was last asked.
    pub fn events(&mut self) -> Vec<Event> {
        mem::take(&mut self.events)
    }

    /// The counts so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let counts = &self.counts;
        let finished_to_sync = counts.success + counts.error + counts.gone - counts.gone_unlisted;
        let over = matches!(self.phase, Phase::Over);
        Summary {
            total: counts.to_sync + counts.skipped + counts.gone_unlisted,
            success: counts.success,
            error: counts.error,
            skipped: counts.skipped,
            gone: counts.gone,
            pending: counts.to_sync - finished_to_sync,
            batches: counts.batches,
            retries: counts.retries,
            throttled: counts.throttled,
            requests: self.requests,
            duration: millis(self.now),
            status: if over {
                self.ending.clone()
            } else {
                RunStatus::Running
            },
        }
    }

    /// When the next request can leave; none when that depends on answers.
    fn ready_at(&self) -> Option<Duration> {
        let wanted_at = match &self.phase {
            Phase::Listing(intake) if self.in_flight.is_empty() => intake.listing.not_before,
            Phase::Syncing(syncing)
                if self.in_flight.len() < self.opening.in_flight_max(self.dispatch) =>
            {
                let cost_max = self.opening.cost_max(self.dispatch);
                let rate = self.rate.free_at(self.now, cost_max);
                syncing.schedule.ready_at()?.max(rate)
            }
            Phase::Listing(_) | Phase::Syncing(_) | Phase::Over => return None,
        };
        Some(wanted_at.max(self.throttle.free_at()?))
    }

    fn over(&mut self) -> Action {
        self.phase = Phase::Over;
        Action::Done
    }

    fn give_up_if_hopeless(&mut self) {
        if let Some(why) = self.throttle.gave_up(self.now) {
            self.end(RunStatus::Interrupted(problems::throttled_for_too_long(
                &why,
            )));
        } else if self.budget.exhausted(self.now) {
            self.end(RunStatus::Interrupted(problems::nothing_succeeds()));
        }
    }

    /// Starts nothing new from now on. The first reason stands.
    fn end(&mut self, status: RunStatus) {
        if matches!(self.ending, RunStatus::Running) && !matches!(self.phase, Phase::Over) {
            self.ending = status;
        }
    }

    fn fail(&mut self, problem: Problem) {
        self.end(RunStatus::Failed(problem));
    }

    fn tell(&mut self, kind: EventKind) {
        self.events.push(Event {
            at: millis(self.now),
            kind,
        });
    }
}

impl Route {
    /// The most devices in a request.
    fn devices_max(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Batch => BATCH_MAX,
            Self::Bulk { chunk, .. } => chunk,
        }
    }

    /// The most devices in a request for which the quota has this portion.
    fn devices(self, portion: u32) -> usize {
        match self {
            Self::Bulk { cheap: true, .. } => self.devices_max(),
            Self::Single | Self::Batch | Self::Bulk { cheap: false, .. } => portion as usize,
        }
    }

    /// The writes that a request with so many devices counts as.
    fn cost(self, devices: u32) -> u32 {
        match self {
            Self::Bulk { cheap: true, .. } => 1,
            Self::Single | Self::Batch | Self::Bulk { cheap: false, .. } => devices,
        }
    }

    /// Far below the 128 connections that one of the runtimes allows.
    fn in_flight_max(self) -> usize {
        match self {
            Self::Single => 32,
            Self::Batch => 16,
            Self::Bulk { cheap: true, .. } => 1,
            Self::Bulk { cheap: false, .. } => 4,
        }
    }
}

impl Opening {
    /// The most devices of a write that goes alone: few are lost to a refusal of all, and one that is refused for a
    /// reason of its own is still seen among others that are not.
    const DEVICES: usize = 4;

    /// The most requests in flight.
    fn in_flight_max(self, route: Route) -> usize {
        match self {
            Self::Unproven => 1,
            Self::Proven => route.in_flight_max(),
        }
    }

    /// The most devices in a request for which the quota has this portion.
    fn devices(self, route: Route, portion: u32) -> usize {
        match self {
            Self::Unproven => route.devices(portion).min(Self::DEVICES),
            Self::Proven => route.devices(portion),
        }
    }

    /// The most writes that a request counts as.
    fn cost_max(self, route: Route) -> u32 {
        let devices = match self {
            Self::Unproven => route.devices_max().min(Self::DEVICES),
            Self::Proven => route.devices_max(),
        };
        route.cost(u32::try_from(devices).unwrap_or(u32::MAX))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Rounded up: the grain of the timers.
fn whole_millis(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}
