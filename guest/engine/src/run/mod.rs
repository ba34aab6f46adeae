//! One run as a state machine: what to do next, and what each response means.
//!
//! A [`Run`] is its [`Traffic`] (what is on the wire, and when the next request may leave), its [`Ledger`] (counts and
//! events) and its phase. The phases own what they do: [`Listing`] reads the list, [`Syncing`] sends the syncs.

mod forecast;
mod intake;
mod ledger;
mod list;
mod problems;
mod response;
mod sync;
mod traffic;

use core::{mem, time::Duration};

use intune_sync_ids::Guid;

use self::{ledger::Ledger, list::Listing, sync::Syncing, traffic::Traffic};
use crate::{
    Settings, TokenResponse, TokenSerial,
    contract::{Event, Learned, RunStatus, Selected, Summary},
    http::{NoResponse, Request, RequestId, Response},
    token::TokenStep,
};

/// The next thing to do for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Get a token and hand it to [`Run::handle_token`] before the next poll. Graph refused `rejected`.
    GetToken {
        /// The refused token, if this is to replace one.
        rejected: Option<TokenSerial>,
    },
    /// Send this now, and hand its response to [`Run::handle_response`] when it comes.
    Send(Request),
    /// Much is to be computed, and part of it is done: poll again, now or later.
    Yield,
    /// Nothing to do before this time, in whole milliseconds, or before a response; `None`: before a response.
    WaitUntil(Option<Duration>),
    /// The run is over.
    Done,
}

/// One run: list, select, sync.
///
/// The caller hands over responses that come at the same instant in the order of their request ids, so that a run with
/// the same settings and the same responses does the same things.
#[derive(Debug, Clone)]
pub struct Run {
    traffic: Traffic,
    ledger: Ledger,
    phase: Phase,
}

#[derive(Debug, Clone)]
enum Phase {
    Listing(Box<Listing>),
    Syncing(Box<Syncing>),
    Over,
}

/// When a phase sends its next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    At(Duration),
    /// That depends on a response.
    AfterResponse,
    /// There is nothing left to do.
    Finished,
}

impl Run {
    /// A run at time zero.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            traffic: Traffic::new(&settings),
            ledger: Ledger::new(),
            phase: Phase::Listing(Box::new(Listing::new(settings))),
        }
    }

    /// Leaves devices out of the selection, so that an interrupted run can be resumed without those that are done. Only
    /// before the first request.
    pub fn skip(&mut self, devices: impl IntoIterator<Item = Guid>) {
        match &mut self.phase {
            Phase::Listing(listing) if self.ledger.requests() == 0 => listing.skip(devices),
            Phase::Listing(_) | Phase::Syncing(_) | Phase::Over => {}
        }
    }

    /// The devices that the run will sync, in the order of their ids, from number `first` (from 0) on: a part of them,
    /// and none after the last. They are known from the event [`Planned`](crate::contract::EventKind::Planned) on,
    /// until the next poll.
    pub fn selected(&mut self, first: u32) -> Vec<Selected> {
        match &mut self.phase {
            Phase::Syncing(syncing) => syncing.selected(first),
            Phase::Listing(_) | Phase::Over => Vec::new(),
        }
    }

    /// What it has learned about the quota.
    #[must_use]
    pub fn learned(&self) -> Option<Learned> {
        self.traffic.learned()
    }

    /// The next thing to do now. Call it again until it says to wait, or that the run is over.
    pub fn poll(&mut self, now: Duration) -> Action {
        self.advance(now);
        if let Some(reason) = self.traffic.gave_up() {
            let problem = problems::gave_up(&reason);
            self.ledger.end(RunStatus::Interrupted(problem));
        }
        if self.ledger.has_ended() {
            return self.wind_down();
        }
        if let Phase::Listing(listing) = &self.phase
            && listing.has_rows()
        {
            self.take_rows();
            return Action::Yield;
        }
        let next = match &self.phase {
            Phase::Listing(listing) => listing.next(&self.traffic),
            Phase::Syncing(syncing) => syncing.next(&self.traffic),
            Phase::Over => Next::Finished,
        };
        match next {
            Next::At(time) if time > self.traffic.now() => wait_until(time),
            Next::At(_) => match self.traffic.token_step() {
                TokenStep::Wait(time) => wait_until(time),
                TokenStep::Get { rejected } => Action::GetToken { rejected },
                TokenStep::Use(serial) => self.send(serial),
                TokenStep::AfterResponse => Action::WaitUntil(None),
            },
            Next::AfterResponse => Action::WaitUntil(None),
            Next::Finished => {
                self.ledger.end(RunStatus::Completed);
                self.wind_down()
            }
        }
    }

    /// What came of [`Action::GetToken`].
    pub fn handle_token(&mut self, now: Duration, response: TokenResponse) {
        self.advance(now);
        self.traffic.handle_token(response, &mut self.ledger);
    }

    /// The response to a request, or why there is none.
    pub fn handle_response(
        &mut self,
        now: Duration,
        id: RequestId,
        result: Result<Response, NoResponse>,
    ) {
        self.advance(now);
        let Some(sent) = self.traffic.take(id) else {
            return;
        };
        let (traffic, ledger) = (&mut self.traffic, &mut self.ledger);
        if let Err(NoResponse::Denied(reason)) = &result {
            ledger.request_denied();
            ledger.fail(problems::denied(reason));
            if let Phase::Syncing(syncing) = &mut self.phase {
                syncing.withdraw(id);
            }
            return;
        }
        self.phase = match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Listing(listing) => listing.handle_response(&sent, result, traffic, ledger),
            Phase::Syncing(mut syncing) => {
                syncing.handle_response(id, &sent, result, traffic, ledger);
                Phase::Syncing(syncing)
            }
            Phase::Over => Phase::Over,
        };
    }

    /// Finish the writes that are in flight, start nothing new, and wait for no page of the list.
    pub fn stop(&mut self) {
        self.ledger.end(RunStatus::Stopped);
    }

    /// The events since the last call.
    pub fn events(&mut self) -> Vec<Event> {
        self.ledger.take_events()
    }

    /// The counts so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let is_over = matches!(self.phase, Phase::Over);
        self.ledger.summary(is_over)
    }

    /// Goes on with the rows of a page.
    fn take_rows(&mut self) {
        self.phase = match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Listing(listing) => listing.take_rows(&mut self.ledger),
            phase @ (Phase::Syncing(_) | Phase::Over) => phase,
        };
    }

    /// Time goes on, never back.
    fn advance(&mut self, now: Duration) {
        self.traffic.advance(now);
        self.ledger.advance(self.traffic.now());
    }

    fn send(&mut self, token: TokenSerial) -> Action {
        let (traffic, ledger) = (&mut self.traffic, &mut self.ledger);
        let request = match &mut self.phase {
            Phase::Listing(listing) => Some(listing.send(token, traffic, ledger)),
            Phase::Syncing(syncing) => syncing.send(token, traffic, ledger),
            Phase::Over => None,
        };
        request.map_or(Action::WaitUntil(None), Action::Send)
    }

    /// The run has ended, and waits for the writes that are in flight. A page of the list changes nothing.
    fn wind_down(&mut self) -> Action {
        if self.traffic.is_idle() || matches!(self.phase, Phase::Listing(_)) {
            self.phase = Phase::Over;
            Action::Done
        } else {
            Action::WaitUntil(None)
        }
    }
}

fn wait_until(time: Duration) -> Action {
    Action::WaitUntil(Some(whole_millis(time)))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Rounded up: the grain of the timers.
fn whole_millis(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}
