//! The simulator: takes a request, and has it carried out after the time that it takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Extracted;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{Method, Request, Response};

use crate::batch;
use crate::call::Call;
use crate::clock::{Clock, Millis};
use crate::config::{Config, QuotaKind};
use crate::device::Device;
use crate::dice::{Dice, Matter};
use crate::errors::Refusal;
use crate::exchange::{Exchange, State};
use crate::execute_action;
use crate::faults::Fault;
use crate::fleet::{Fate, Fleet};
use crate::identity::{Endpoint, Identity};
use crate::list;
use crate::reply::Reply;
use crate::statistics::{Ledger, Statistics};
use crate::sync_device;
use crate::throttle::Throttle;
use crate::tokens::Tokens;

/// Microsoft Graph and Azure's identity endpoints for one simulated tenant. Clones are the same tenant.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    config: Config,
    clock: Clock,
    dice: Dice,
    state: Mutex<State>,
}

/// Graph takes no larger body.
const LARGEST_BODY: usize = 4 << 20;

/// The window over which writes are counted where there is no quota: that of the documented one.
const DOCUMENTED_WINDOW_MS: Millis = 20_000;

impl Simulator {
    /// Starts a tenant. On a paused clock it must be called within the runtime whose clock that is.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let clock = Clock::start(config.started_at);
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
            ledger: Ledger::new(window),
            requests: 0,
        };
        Self(Arc::new(Inner {
            config,
            clock,
            dice,
            state: Mutex::new(state),
        }))
    }

    /// All routes. A response with [`crate::DropConnection`] among its extensions is not to be sent.
    pub fn router(&self) -> Router {
        let answer = |Extracted(simulator): Extracted<Self>, request| async move {
            simulator.answer(request).await
        };
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// What came in so far and what became of it.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.state().ledger.statistics.clone()
    }

    /// The id of a device; none if the fleet has not so many. Devices are numbered from 0.
    #[must_use]
    pub fn device_id(&self, index: u32) -> Option<String> {
        let state = self.state();
        (index < state.fleet.devices()).then(|| state.fleet.id(index).to_string())
    }

    /// How many syncs of each device were carried out, by id. `outcome` takes a part of them: `synced`, `unsynced`,
    /// `repeated` by what was done, `gone`, `unsupported`, `failing`, `regular` by what they answer. None if it is
    /// none of these.
    #[must_use]
    pub fn devices(&self, outcome: Option<&str>) -> Option<HashMap<String, u8>> {
        let state = self.state();
        let now = self.0.clock.now();
        let fate = |index| Device::new(&state.fleet, index, now).fate();
        let syncs = |index| state.fleet.record(index).syncs;
        let taken: Box<dyn Fn(u32) -> bool> = match outcome {
            None => Box::new(|_| true),
            Some("synced") => Box::new(|index| syncs(index) > 0),
            Some("unsynced") => Box::new(|index| syncs(index) == 0),
            Some("repeated") => Box::new(|index| syncs(index) > 1),
            Some("gone") => Box::new(|index| fate(index) == Fate::Gone),
            Some("unsupported") => Box::new(|index| fate(index) == Fate::Unsupported),
            Some("failing") => Box::new(|index| fate(index) == Fate::Failing),
            Some("regular") => Box::new(|index| fate(index) == Fate::Syncs),
            Some(_) => return None,
        };
        let all = (0..state.fleet.devices()).filter(|index| taken(*index));
        Some(
            all.map(|index| (state.fleet.id(index).to_string(), syncs(index)))
                .collect(),
        )
    }

    /// Answers a request after the time that it takes.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        if let Some(path) = parts.uri.path().strip_prefix("/_simulator/") {
            return self.inspect(path, &parts);
        }
        let arrived = self.0.clock.now();
        let _in_flight = InFlight::enter(self);
        let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            return Reply::empty(413).into_response();
        };
        let (ordinal, call) = self.arrive(arrived, &parts, &body);

        let latency = &self.0.config.latency;
        let spread = u64::from(latency.max_ms.saturating_sub(latency.min_ms)) + 1;
        let latency =
            u64::from(latency.min_ms) + self.0.dice.below(spread, Matter::Latency, ordinal);
        sleep(latency / 2).await;
        let Some(call) = call else {
            let response = self.answer_elsewhere(&parts);
            sleep(latency - latency / 2).await;
            return response;
        };
        let mut reply = self.carry_out(ordinal, call, &parts);
        sleep(latency - latency / 2).await;

        let mut state = self.state();
        let sent = self.0.clock.now();
        reply
            .known
            .drain(..)
            .for_each(|index| state.fleet.told(index));
        reply
            .holds
            .drain(..)
            .for_each(|hold| state.throttle.sent(sent, hold));
        drop(state);
        reply.into_response()
    }

    /// Counts a request as it arrives: its number, and what it asks of Graph, if it is for Graph.
    fn arrive(&self, arrived: Millis, parts: &Parts, body: &Bytes) -> (u64, Option<Call>) {
        let mut guard = self.state();
        let State {
            fleet,
            throttle,
            ledger,
            requests,
            ..
        } = &mut *guard;
        let ordinal = *requests;
        *requests += 1;
        let kinds = &mut ledger.statistics.requests;
        let Some(mut call) = Call::read(fleet, &parts.method, parts.uri.path(), body) else {
            match Endpoint::at(parts.uri.path()) {
                Some(_) => kinds.identity += 1,
                None => kinds.other += 1,
            }
            return (ordinal, None);
        };
        match call {
            Call::List => kinds.list += 1,
            Call::Sync(_) => kinds.sync += 1,
            Call::Batch(_) => kinds.batch += 1,
            Call::ExecuteAction(_) => kinds.execute_action += 1,
            Call::Forbidden(_) | Call::Unknown => kinds.other += 1,
        }
        if let Some(margin) = throttle.arrive(arrived) {
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
        (ordinal, Some(call))
    }

    fn carry_out(&self, ordinal: u64, mut call: Call, parts: &Parts) -> Reply {
        let Inner {
            config,
            clock,
            dice,
            ..
        } = &*self.0;
        let mut guard = self.state();
        let first_attempts = config.faults.first_attempts;
        let mut exchange = Exchange {
            config,
            clock: *clock,
            dice: *dice,
            ordinal,
            now: clock.now(),
            client_request_id: client_request_id(parts),
            spared: call
                .targets()
                .any(|target| first_attempts.is_some_and(|most| target.attempt > most)),
            state: &mut guard,
        };
        if exchange.meets(Fault::DropBefore, config.faults.drop_before) {
            return Reply::dropped();
        }
        let mut reply = self.dispatch(&mut exchange, call, parts);
        if exchange.meets(Fault::DropAfter, config.faults.drop_after) {
            return Reply::dropped();
        }
        if reply.status == 200 && exchange.meets(Fault::Html, config.faults.html) {
            reply = Reply::html(200);
        }
        reply.sign(&exchange.about(0));
        reply
    }

    fn dispatch(&self, exchange: &mut Exchange<'_>, call: Call, parts: &Parts) -> Reply {
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
                let origin = self
                    .0
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
            Call::Batch(Err(refusal)) | Call::ExecuteAction(Err(refusal)) => {
                exchange.refuse(&refusal)
            }
            Call::Forbidden(_) => Reply::empty(204),
            Call::Unknown => {
                exchange.refuse(&Refusal::not_found("Resource not found for the segment."))
            }
        }
    }

    /// What is not Graph.
    fn answer_elsewhere(&self, parts: &Parts) -> Response<Body> {
        let query = parts.uri.query().unwrap_or_default();
        let mut guard = self.state();
        let State {
            identity,
            tokens,
            ledger,
            ..
        } = &mut *guard;
        match Endpoint::at(parts.uri.path()) {
            Some(endpoint) if parts.method == Method::GET => identity.answer(
                endpoint,
                (query, &parts.headers),
                (tokens, ledger),
                self.0.clock.now(),
            ),
            Some(_) => Reply::empty(405).into_response(),
            None => Reply::empty(404).into_response(),
        }
    }

    /// What tests ask for, beside the time and the counts.
    fn inspect(&self, path: &str, parts: &Parts) -> Response<Body> {
        let query = parts.uri.query().unwrap_or_default();
        let answer = match path {
            "statistics" => serde_json::to_vec(&self.statistics()).ok(),
            "devices" => {
                let outcome = query
                    .split('&')
                    .find_map(|part| part.strip_prefix("outcome="));
                self.devices(outcome)
                    .and_then(|devices| serde_json::to_vec(&devices).ok())
            }
            _ => None,
        };
        answer
            .map_or_else(|| Reply::empty(404), |body| Reply::json(200, body))
            .into_response()
    }

    /// A panic while the state was held is a defect that its own thread reports.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight, until it is answered or given up.
struct InFlight<'simulator>(&'simulator Simulator);

impl<'simulator> InFlight<'simulator> {
    fn enter(simulator: &'simulator Simulator) -> Self {
        simulator.state().ledger.enter();
        Self(simulator)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.state().ledger.leave();
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

async fn sleep(millis: Millis) {
    if millis > 0 {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}
