//! What becomes of one request, step by step, each told the time: it arrives, is carried out, and its answer leaves.

use std::collections::HashMap;

use bytes::Bytes;
use http::Method;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;

use crate::batch;
use crate::call::Call;
use crate::clock::{Clock, Millis};
use crate::config::{Config, QuotaKind};
use crate::dice::{Dice, Matter};
use crate::entra::Entra;
use crate::errors::Refusal;
use crate::exchange::{Exchange, State};
use crate::execute_action;
use crate::faults::Fault;
use crate::fleet::{Fleet, Index};
use crate::identity::{Endpoint, Identity};
use crate::inspection;
use crate::list;
use crate::reply::{Answer, Reply};
use crate::statistics::{Ledger, Statistics};
use crate::sync_device;
use crate::throttle::Throttle;
use crate::tokens::Tokens;

/// The services of one tenant. The times that it is told never go back.
pub(crate) struct Service {
    config: Config,
    clock: Clock,
    dice: Dice,
    state: State,
}

/// A request that has arrived and is to be carried out.
pub(crate) struct Arrived {
    /// Its number, from 0 in the order of arrival.
    ordinal: u64,
    parts: Parts,
    body: Bytes,
    /// What it asks of Graph, if it is for Graph.
    call: Option<Call>,
    /// How long it takes until it is carried out.
    pub(crate) before: Millis,
    /// How long it takes from then until its answer leaves.
    pub(crate) after: Millis,
}

/// Graph takes no larger body.
pub(crate) const LARGEST_BODY: usize = 4 << 20;

/// The window over which writes are counted where there is no quota: that of the documented one.
const DOCUMENTED_WINDOW_MS: Millis = 20_000;

impl Service {
    pub(crate) fn new(config: Config) -> Self {
        let clock = Clock::new(config.started_at);
        let dice = Dice::new(config.seed);
        let window = match config.quota.kind {
            QuotaKind::Off => DOCUMENTED_WINDOW_MS,
            _ => config.quota.window_ms.get().into(),
        };
        let state = State {
            fleet: Fleet::new(config.fleet.clone(), dice, clock),
            throttle: Throttle::new(&config),
            tokens: Tokens::new(config.tokens.clone(), dice, clock),
            identity: Identity::new(config.identity.clone()),
            entra: Entra::new(config.entra.clone()),
            ledger: Ledger::new(window),
            requests: 0,
        };
        Self {
            config,
            clock,
            dice,
            state,
        }
    }

    /// What came in so far and what became of it.
    pub(crate) fn statistics(&self) -> &Statistics {
        &self.state.ledger.statistics
    }

    /// The id of a device; none if the fleet has not so many.
    pub(crate) fn device_id(&self, index: Index) -> Option<String> {
        let fleet = &self.state.fleet;
        (index < fleet.devices()).then(|| fleet.id(index).to_string())
    }

    /// How many syncs of each device were carried out, by id, of those with this outcome; none if there is no such.
    pub(crate) fn devices(&self, outcome: Option<&str>) -> Option<HashMap<String, u8>> {
        inspection::devices(&self.state.fleet, outcome)
    }

    /// A request is on its way in.
    pub(crate) fn enter(&mut self) {
        self.state.ledger.enter();
    }

    /// A request was answered, or given up by the caller.
    pub(crate) fn leave(&mut self) {
        self.state.ledger.leave();
    }

    /// Counts a request as it arrives.
    pub(crate) fn arrive(&mut self, now: Millis, parts: Parts, body: &Bytes) -> Arrived {
        let ordinal = self.state.requests;
        self.state.requests += 1;
        let config = &self.config.latency;
        let spread = u64::from(config.max_ms.saturating_sub(config.min_ms)) + 1;
        let latency = u64::from(config.min_ms) + self.dice.below(spread, Matter::Latency, ordinal);
        Arrived {
            ordinal,
            call: self.read(now, &parts, body),
            parts,
            body: body.clone(),
            before: latency / 2,
            after: latency - latency / 2,
        }
    }

    fn read(&mut self, now: Millis, parts: &Parts, body: &Bytes) -> Option<Call> {
        let State {
            fleet,
            throttle,
            ledger,
            ..
        } = &mut self.state;
        let kinds = &mut ledger.statistics.requests;
        let Some(mut call) = Call::read(fleet, &parts.method, parts.uri.path(), body) else {
            let path = parts.uri.path();
            match Endpoint::at(path).is_some() || Entra::tenant_at(path).is_some() {
                true => kinds.identity += 1,
                false => kinds.other += 1,
            }
            return None;
        };
        match call {
            Call::List => kinds.list += 1,
            Call::Sync(_) => kinds.sync += 1,
            Call::Batch(_) => kinds.batch += 1,
            Call::ExecuteAction(_) => kinds.execute_action += 1,
            Call::Forbidden(_) | Call::Unknown => kinds.other += 1,
        }
        if let Some(margin) = throttle.arrive(now) {
            ledger.early(margin);
        }
        ledger.client_request_id(client_request_id(parts));
        call.forbidden().for_each(|what| ledger.forbidden(what));
        for target in call.targets() {
            ledger.statistics.syncs_requested += 1;
            if let Some(index) = target.index {
                ledger.statistics.repeated_after_known_outcome +=
                    u64::from(fleet.record(index).known);
                target.attempt = fleet.attempt(index);
            }
        }
        Some(call)
    }

    /// Carries a request out.
    pub(crate) fn carry_out(&mut self, now: Millis, arrived: Arrived) -> Reply {
        let Arrived {
            ordinal,
            parts,
            body,
            call,
            ..
        } = arrived;
        let Some(mut call) = call else {
            return self.answer_elsewhere(now, &parts, &body);
        };
        let config = &self.config;
        let first_attempts = config.faults.first_attempts;
        let mut exchange = Exchange {
            config,
            clock: self.clock,
            dice: self.dice,
            ordinal,
            now,
            client_request_id: client_request_id(&parts),
            spared: call
                .targets()
                .any(|target| first_attempts.is_some_and(|most| target.attempt > most)),
            state: &mut self.state,
        };
        if exchange.meets(Fault::DropBefore, config.faults.drop_before) {
            return Reply::dropped();
        }
        let mut reply = dispatch(&mut exchange, call, &parts);
        if exchange.meets(Fault::DropAfter, config.faults.drop_after) {
            return Reply::dropped();
        }
        if reply.status == 200 && exchange.meets(Fault::Html, config.faults.html) {
            reply = Reply::html(200);
        }
        reply.sign(&exchange.about(0));
        reply
    }

    /// The answer leaves: the caller is told how syncs ended, and how long to wait.
    pub(crate) fn finish(&mut self, now: Millis, mut reply: Reply) -> Answer {
        for index in reply.known.drain(..) {
            self.state.fleet.told(index);
        }
        for hold in reply.holds.drain(..) {
            self.state.throttle.sent(now, hold);
        }
        reply.into_answer()
    }

    /// What tests ask for; none if the request is not for them.
    pub(crate) fn inspect(&self, parts: &Parts) -> Option<Reply> {
        inspection::answer(&self.state, &parts.uri)
    }

    /// What is not Graph.
    fn answer_elsewhere(&mut self, now: Millis, parts: &Parts, body: &[u8]) -> Reply {
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        let State {
            identity,
            entra,
            tokens,
            ledger,
            ..
        } = &mut self.state;
        match (Endpoint::at(path), Entra::tenant_at(path), &parts.method) {
            (Some(endpoint), _, &Method::GET) => {
                identity.answer(endpoint, (query, &parts.headers), (tokens, ledger), now)
            }
            (None, Some(tenant), &Method::POST) => {
                entra.answer(tenant, body, (tokens, ledger), now)
            }
            (None, None, _) => Reply::empty(404),
            _ => Reply::empty(405),
        }
    }
}

/// Does what a request to Graph asks for, if its token is good.
fn dispatch(exchange: &mut Exchange<'_>, call: Call, parts: &Parts) -> Reply {
    let authorization = parts
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let writes = exchange.state.ledger.writes;
    if let Err(refusal) = exchange
        .state
        .tokens
        .check(authorization, exchange.now, writes)
    {
        return exchange.refuse(&refusal);
    }
    match call {
        Call::List => {
            let origin = exchange
                .config
                .origin
                .clone()
                .unwrap_or_else(|| origin(parts));
            list::answer(
                exchange,
                &origin,
                parts.uri.path(),
                parts.uri.query().unwrap_or_default(),
            )
        }
        Call::Sync(target) => sync_device::answer(exchange, &target),
        Call::Batch(Ok(items)) => batch::answer(exchange, &items),
        Call::ExecuteAction(Ok(members)) => execute_action::answer(exchange, &members),
        Call::Batch(Err(refusal)) | Call::ExecuteAction(Err(refusal)) => exchange.refuse(&refusal),
        Call::Forbidden(_) => Reply::empty(204),
        Call::Unknown => {
            exchange.refuse(&Refusal::not_found("Resource not found for the segment."))
        }
    }
}

fn client_request_id(parts: &Parts) -> &str {
    parts
        .headers
        .get("client-request-id")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Where the request was sent to.
fn origin(parts: &Parts) -> String {
    if let (Some(scheme), Some(authority)) = (parts.uri.scheme(), parts.uri.authority()) {
        return format!("{scheme}://{authority}");
    }
    let host = parts
        .headers
        .get(HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("localhost");
    format!("http://{host}")
}
