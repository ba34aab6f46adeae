//! What is on the wire, and when the next request may leave.

use core::time::Duration;
use std::collections::BTreeMap;

use intune_sync_graph::GraphError;
use intune_sync_ids::Guid;

use super::{ledger::Ledger, problems, response::Signals};
use crate::{
    Settings, TokenResponse, TokenSerial,
    contract::{Learned, RunStatus},
    http::{Method, Request, RequestId},
    pacing::{BulkCost, Departure, GaveUp, Load, Pacing},
    token::{Refused, Renewal, Token, TokenStep},
};

/// How long Microsoft's SDKs wait for a response.
const TIMEOUT: Duration = Duration::from_secs(100);

/// The clock, the token, the pacing, and the requests in flight.
#[derive(Debug, Clone)]
pub(super) struct Traffic {
    now: Duration,
    /// Since 1970.
    started_at: Duration,
    random: fastrand::Rng,
    token: Token,
    pacing: Pacing,
    in_flight: BTreeMap<RequestId, Sent>,
}

/// A request on the wire, as far as all requests are alike.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) id: RequestId,
    pub(super) token: TokenSerial,
    pub(super) client_request_id: Guid,
    departure: Departure,
}

/// A request, as far as its phase makes it.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) method: Method,
    pub(super) path_and_query: String,
    pub(super) body: Option<String>,
    pub(super) load: Load,
    /// The largest body of a response that is read, in bytes.
    pub(super) response_limit: usize,
}

impl Traffic {
    pub(super) fn new(settings: &Settings) -> Self {
        let Settings {
            ceiling,
            initial_backoff,
            give_up_after,
            learned,
            ..
        } = *settings;
        let pacing = Pacing::new(ceiling, initial_backoff, give_up_after);
        Self {
            now: Duration::ZERO,
            started_at: settings.started_at,
            random: fastrand::Rng::with_seed(settings.seed),
            token: Token::new(),
            pacing: match learned {
                Some(learned) => pacing.with(learned),
                None => pacing,
            },
            in_flight: BTreeMap::new(),
        }
    }

    /// Time goes on, never back.
    pub(super) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// The time of day, since 1970.
    pub(super) fn unix_now(&self) -> Duration {
        self.started_at + self.now
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// The number of requests in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn gave_up(&self) -> Option<GaveUp> {
        self.pacing.gave_up(self.now)
    }

    /// Whether Graph is taken to be down.
    pub(super) fn is_outage(&self) -> bool {
        self.pacing.is_outage()
    }

    /// What the run has learned about the quota.
    pub(super) fn learned(&self) -> Option<Learned> {
        self.pacing.learned()
    }

    pub(super) fn token_step(&self) -> TokenStep {
        self.token.step(self.now)
    }

    /// When the next request may leave, if it carries `most` at most; `None` while that depends on a response.
    pub(super) fn free_at(&self, most: Load) -> Option<Duration> {
        self.pacing.free_at(self.now, most)
    }

    /// How many devices, at most those of `most`, a request that leaves now may carry.
    pub(super) fn portion(&mut self, most: Load) -> usize {
        self.pacing.portion(self.now, most) as usize
    }

    pub(super) fn bulk_cost(&self) -> BulkCost {
        self.pacing.bulk_cost()
    }

    /// The wait after this many failures in a row, at least 1.
    pub(super) fn backoff(&mut self, failures: u32) -> Duration {
        self.pacing.backoff(failures, &mut self.random)
    }

    pub(super) fn send(
        &mut self,
        draft: Draft,
        token: TokenSerial,
        ledger: &mut Ledger,
    ) -> Request {
        let id = ledger.request_sent();
        let client_request_id = Guid::random(self.random.u128(..));
        let sent = Sent {
            id,
            token,
            client_request_id,
            departure: self.pacing.sent(self.now, id, draft.load),
        };
        self.in_flight.insert(id, sent);
        Request {
            id,
            method: draft.method,
            path_and_query: draft.path_and_query,
            body: draft.body,
            client_request_id,
            token,
            response_limit: draft.response_limit,
            timeout: TIMEOUT,
        }
    }

    /// Takes a request off the wire; `None` if it was never sent or has had its response.
    pub(super) fn take(&mut self, id: RequestId) -> Option<Sent> {
        let sent = self.in_flight.remove(&id)?;
        if !self.is_under_way(sent.token) {
            self.token.settled(sent.token);
        }
        Some(sent)
    }

    /// Whether a request that left with this token is in flight.
    fn is_under_way(&self, token: TokenSerial) -> bool {
        self.in_flight.values().any(|sent| sent.token == token)
    }

    /// A renewed token that was refused is replaced once more, instead of ending the run.
    pub(super) fn excuse(&mut self, token: TokenSerial) {
        self.token.proven(token);
    }

    /// Learns from a response, whatever it means for devices.
    pub(super) fn learn(
        &mut self,
        sent: &Sent,
        signals: &Signals,
        error: &GraphError,
        ledger: &mut Ledger,
    ) {
        let (now, outcome) = (self.now, signals.outcome());
        let was_outage = self.is_outage();
        let window = self
            .pacing
            .handle_response(now, sent.departure, outcome, &mut self.random);
        if let Some(window) = window {
            ledger.throttled(window, signals.slow_down_status());
        }
        match (was_outage, self.is_outage()) {
            (false, true) => ledger.notice(
                "Microsoft Graph fails again and again: one request at a time until one succeeds"
                    .to_owned(),
            ),
            (true, false) => ledger.notice("Microsoft Graph responds again".to_owned()),
            (false, false) | (true, true) => {}
        }
        ledger.count_throttled(signals.throttled);
        if signals.token_taken {
            self.token.proven(sent.token);
        }
        if signals.token_refused {
            let under_way = self.is_under_way(sent.token);
            if self.token.refused(now, sent.token, under_way) == Refused::Final {
                ledger.end(RunStatus::NotAuthorized(problems::token_refused(error)));
            }
        }
    }

    pub(super) fn handle_token(&mut self, response: TokenResponse, ledger: &mut Ledger) {
        match response {
            TokenResponse::Token { serial, lifetime } => {
                if self.token.received(self.now, serial, lifetime) == Renewal::Renewed {
                    ledger.token_renewed();
                }
            }
            TokenResponse::TryAgain(after) => self.token.try_again(self.now, after),
            TokenResponse::Denied(reason) => {
                ledger.end(RunStatus::NotAuthorized(problems::no_token(&reason)));
            }
        }
    }
}
