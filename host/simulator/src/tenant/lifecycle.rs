//! The life of a request, step by step, each given the time: it arrives, is executed, and its response is sent.

use bytes::Bytes;
use http::{Method, header::HOST, request::Parts, uri::Authority};

use crate::{
    clock::Millis,
    config::Fault,
    dice::Draw,
    entra::{
        job_tokens::Issuer,
        managed_identity::Endpoint,
        token_endpoint::{TokenEndpoint, TokenRequest},
    },
    graph::{
        exchange::Exchange,
        request::{Request, client_request_id},
    },
    response::{Delivery, Response},
    world::{State, World},
};

/// A request that has arrived and is to be executed.
pub(crate) struct Arrived {
    /// Its number, from 0 in the order of arrival.
    ordinal: u64,
    parts: Parts,
    body: Bytes,
    /// The request, if it is for Graph.
    graph: Option<Request>,
    /// How long it takes until it is executed.
    pub(crate) before: Millis,
    /// How long it takes from then until its response is sent.
    pub(crate) after: Millis,
}

/// Graph accepts no larger body.
pub(crate) const LARGEST_BODY: usize = 4 << 20;

impl Arrived {
    /// Counts a request as it arrives.
    pub(crate) fn new(world: &mut World, now: Millis, parts: Parts, body: &Bytes) -> Self {
        let ordinal = world.state.requests;
        world.state.requests += 1;
        let config = &world.config.latency;
        let spread = u64::from(config.max_ms.saturating_sub(config.min_ms)) + 1;
        let latency = u64::from(config.min_ms) + world.dice.below(spread, Draw::Latency, ordinal);
        Self {
            ordinal,
            graph: read(&mut world.state, now, &parts, body),
            parts,
            body: body.clone(),
            before: latency / 2,
            after: latency - latency / 2,
        }
    }

    /// Executes the request.
    pub(crate) fn execute(self, world: &mut World, now: Millis) -> Response {
        let Some(mut request) = self.graph else {
            return respond_elsewhere(&mut world.state, now, &self.parts, &self.body);
        };
        let client_request_id = client_request_id(&self.parts);
        let mut exchange = Exchange::new(world, now, self.ordinal, client_request_id);
        exchange.exempt_late_attempts(request.targets().map(|target| *target));
        let faults = &exchange.config.faults;
        if exchange.meets(Fault::DropBefore, faults.drop_before) {
            return Response::dropped();
        }
        if exchange.meets(Fault::Proxy403, faults.proxy_403) {
            return Response::html(403);
        }
        if exchange.meets(Fault::Error200, faults.error_200) {
            let error = exchange.transient_failure(exchange.ordinal);
            let mut response = error.response_with(200, &exchange.context(0));
            exchange.context(0).sign(&mut response);
            return response;
        }
        let mut response = request.respond(&mut exchange, &self.parts);
        if exchange.meets(Fault::Mangled, faults.mangled) {
            response.mangle();
        }
        if exchange.meets(Fault::DropAfter, faults.drop_after) {
            return Response::dropped();
        }
        if response.status == 200 && exchange.meets(Fault::Html, faults.html) {
            response = Response::html(200);
        }
        exchange.context(0).sign(&mut response);
        response
    }
}

/// The response is sent: the caller learns the outcomes of syncs, and how long to wait.
pub(crate) fn send(state: &mut State, now: Millis, mut response: Response) -> Delivery {
    for index in response.known.drain(..) {
        state.fleet.mark_known(index);
    }
    for wait in response.waits.drain(..) {
        state.throttle.sent(now, wait);
    }
    response.into_delivery()
}

/// Reads a request as it arrives; `None` if it is not for Graph.
fn read(state: &mut State, now: Millis, parts: &Parts, body: &Bytes) -> Option<Request> {
    let State {
        fleet,
        throttle,
        ledger,
        ..
    } = state;
    let requests = &mut ledger.statistics.requests;
    let Some(mut request) = Request::read(fleet, &parts.method, &parts.uri, body) else {
        let path = parts.uri.path();
        let is_identity = Endpoint::at(path).is_some()
            || Issuer::at(path).is_some()
            || TokenEndpoint::tenant_at(path).is_some();
        match is_identity {
            true => requests.identity += 1,
            false => requests.other += 1,
        }
        return None;
    };
    request.count(requests);
    if let Some(margin) = throttle.arrive(now) {
        ledger.early(margin);
    }
    ledger.client_request_id(client_request_id(parts));
    request
        .forbidden()
        .for_each(|write| ledger.forbidden(write));
    for target in request.targets() {
        ledger.statistics.syncs_requested += 1;
        if let Some(index) = target.index {
            ledger.statistics.repeated_after_known_outcome += u64::from(fleet.record(index).known);
            target.attempt = fleet.attempt(index);
        }
    }
    Some(request)
}

/// Executes a request that is not for Graph.
fn respond_elsewhere(state: &mut State, now: Millis, parts: &Parts, body: &[u8]) -> Response {
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let State {
        managed_identity,
        token_endpoint,
        job_tokens,
        tokens,
        ledger,
        ..
    } = state;
    if let Some(issuer) = Issuer::at(path) {
        let request = (&parts.method, query, &parts.headers);
        return job_tokens.respond(issuer, request, ledger, now);
    }
    match (
        Endpoint::at(path),
        TokenEndpoint::tenant_at(path),
        &parts.method,
    ) {
        (Some(endpoint), _, &Method::GET) => {
            managed_identity.respond(endpoint, (query, &parts.headers), (tokens, ledger), now)
        }
        (None, Some(tenant), &Method::POST) => {
            let request = TokenRequest {
                tenant,
                host: host(parts),
                body,
            };
            token_endpoint.respond(&request, (tokens, job_tokens, ledger), now)
        }
        (None, None, _) => Response::empty(404),
        _ => Response::empty(405),
    }
}

/// The host that a request is for.
fn host(parts: &Parts) -> &str {
    let named = || parts.headers.get(HOST)?.to_str().ok();
    let authority = parts.uri.authority().map(Authority::as_str);
    authority.or_else(named).unwrap_or_default()
}
