//! The component in its sandbox does what its core does natively, request by request and millisecond by millisecond.
//!
//! The core is driven by a plain loop: no runtime, no task, no clock, so that nothing of what the rehearsal has to keep
//! in order is shared with it.

use std::collections::BTreeMap;

use intune_sync_egress::response_headers;
use intune_sync_engine::{
    self as engine, Action,
    contract::{
        Dispatch as CoreDispatch, Order as CoreOrder, Pace as CorePace, Purpose as CorePurpose,
    },
    http::{Method, NoResponse, RequestId},
};
use intune_sync_simulation::{Scenario as Drawn, Tokens};
use intune_sync_simulator::{ExpiresIn, Ticket, TokensConfig};
use serde_json::Value;

use super::*;

/// A request as it left or a response as it arrived: what happened, when, to which request.
type Trace = Vec<(u64, u64, String)>;

/// The tenant and what passed between it and the core.
struct Wire {
    tenant: Tenant,
    trace: Trace,
}

impl Wire {
    fn call(&mut self, now: u64, request: Request<Bytes>) -> Ticket {
        let line = sent(&request);
        let ticket = self.tenant.send(now, request);
        self.trace.push((now, ticket.number(), line));
        ticket
    }
}

struct Native {
    wire: Wire,
    now: u64,
    tokens: Tokens,
    in_flight: BTreeMap<Ticket, RequestId>,
}

impl Native {
    fn run(scenario: &Scenario) -> (engine::contract::Summary, Trace) {
        let settings = settings(&scenario.settings);
        let mut run = engine::Run::new(settings.try_into().expect("good settings"));
        let mut native = Self {
            wire: Wire {
                tenant: Tenant::new(scenario.tenant.clone()),
                trace: Vec::new(),
            },
            now: 0,
            tokens: Tokens::new(&scenario.settings.scope, &scenario.tenant.identity.header),
            in_flight: BTreeMap::new(),
        };
        native.fetch_token();
        // A token that is there at once is there before the run begins to act.
        native.take_responses(&mut run);
        loop {
            let action = run.poll(Duration::from_millis(native.now));
            run.events();
            match action {
                Action::GetToken { rejected } => {
                    let response = native.tokens.get(native.now, rejected);
                    native.fetch_token();
                    run.handle_token(Duration::from_millis(native.now), response);
                }
                Action::Send(request) => native.send(&request),
                Action::Yield => {}
                Action::WaitUntil(until) => {
                    let until = until.map(millis);
                    native.now = until
                        .into_iter()
                        .chain(native.wire.tenant.next_at())
                        .chain(native.tokens.next_fetch())
                        .min()
                        .expect("the run waits for something");
                    native.fetch_token();
                    native.take_responses(&mut run);
                }
                Action::Done => return (run.summary(), native.wire.trace),
            }
        }
    }

    fn fetch_token(&mut self) {
        let (wire, now) = (&mut self.wire, self.now);
        self.tokens.fetch(now, |request| wire.call(now, request));
    }

    fn send(&mut self, request: &engine::http::Request) {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        let token = self.tokens.value(request.token);
        let sent = Request::builder()
            .method(method)
            .uri(format!(
                "https://graph.microsoft.com{}",
                request.path_and_query
            ))
            .header("authorization", format!("Bearer {token}"))
            .header("client-request-id", request.client_request_id.to_string())
            .body(Bytes::from(request.body.clone().unwrap_or_default()))
            .expect("it is a request");
        let ticket = self.wire.call(self.now, sent);
        self.in_flight.insert(ticket, request.id);
    }

    fn take_responses(&mut self, run: &mut engine::Run) {
        let mut responses = self.wire.tenant.advance(self.now);
        responses.sort_by_key(|(ticket, _)| *ticket);
        for (ticket, delivery) in responses {
            self.wire
                .trace
                .push((self.now, ticket.number(), arrived(&delivery)));
            if self.tokens.handle_response(self.now, ticket, &delivery) {
                continue;
            }
            let id = self.in_flight.remove(&ticket).expect("it was sent");
            let result = match delivery {
                Delivery::Dropped => Err(NoResponse::Transport("dropped".to_owned())),
                Delivery::Response(response) => {
                    let headers = response_headers(response.headers()).expect("small headers");
                    let headers = headers.iter().map(|(name, value)| {
                        (name.to_string(), value.to_str().expect("a text").to_owned())
                    });
                    Ok(engine::http::Response {
                        status: response.status().as_u16(),
                        headers: headers.collect(),
                        body: response.body().to_vec(),
                    })
                }
            };
            run.handle_response(Duration::from_millis(self.now), id, result);
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("short times")
}

/// The gate rewrites a body without changing its meaning. The `client-request-id` is the host's own.
fn sent(request: &Request<Bytes>) -> String {
    let body: Option<Value> = serde_json::from_slice(request.body()).ok();
    format!("{} {} {body:?}", request.method(), request.uri())
}

/// A response, without the `client-request-id` that it repeats, in whole or in part: of what may be one, the length.
fn arrived(delivery: &Delivery) -> String {
    const SHORTEST: usize = 6;
    let Delivery::Response(response) = delivery else {
        return "dropped".to_owned();
    };
    let body = String::from_utf8_lossy(response.body());
    let of_id = |c: char| c.is_ascii_hexdigit() || c == '-';
    let (mut text, mut rest) = (response.status().to_string(), &*body);
    while !rest.is_empty() {
        let (id, behind) = rest.split_at(rest.find(|c| !of_id(c)).unwrap_or(rest.len()));
        match id.len() {
            0..SHORTEST => text.push_str(id),
            length => text.push_str(&format!("({length})")),
        }
        let (other, behind) = behind.split_at(behind.find(of_id).unwrap_or(behind.len()));
        text.push_str(other);
        rest = behind;
    }
    text
}

fn in_the_sandbox(sandbox: &Sandbox, scenario: Scenario) -> (Summary, Trace) {
    let trace = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&trace);
    let recorder: Recorder = Box::new(move |Seen { at, number, what }| {
        let line = match what {
            What::Sent(request) => sent(request),
            What::Arrived(delivery) => arrived(delivery),
            What::TimedOut => "timed out".to_owned(),
            What::GivenUp => "given up".to_owned(),
        };
        let mut trace = recorded.lock().expect("no recorder panics");
        trace.push((at, number, line));
    });
    let rehearsed = run(sandbox, scenario, &mut |_| Next::Continue, Some(recorder));
    let rehearsed = rehearsed.unwrap_or_else(|error| panic!("{error}"));
    let trace = std::mem::take(&mut *trace.lock().expect("no recorder panics"));
    (rehearsed.summary, trace)
}

pub(super) fn settings(settings: &Settings) -> engine::contract::Settings {
    engine::contract::Settings {
        graph_root: settings.graph_root.clone(),
        scope: settings.scope.clone(),
        purpose: CorePurpose::Sync,
        batch_size: settings.batch_size,
        batch_delay: settings.batch_delay,
        max_retries: settings.max_retries,
        initial_backoff: settings.initial_backoff,
        dispatch: match settings.dispatch {
            Dispatch::Single => CoreDispatch::Single,
            Dispatch::Batch => CoreDispatch::Batch,
            Dispatch::Bulk => CoreDispatch::Bulk,
        },
        pace: match settings.pace {
            Pace::Fixed => CorePace::Fixed,
            Pace::Quota => CorePace::Quota,
        },
        ceiling: settings.ceiling,
        selection: engine::contract::Selection {
            limit: settings.selection.limit,
            order: match settings.selection.order {
                Order::Stalest => CoreOrder::Stalest,
                Order::Listed => CoreOrder::Listed,
            },
            include_unsupported: settings.selection.include_unsupported,
            ..Default::default()
        },
        whole_list: settings.whole_list,
        learned: None,
        give_up_after: settings.give_up_after,
        started_at: settings.started_at,
        seed: settings.seed,
    }
}

#[test]
fn the_component_s_trace_is_that_of_its_core() {
    for dispatch in [Dispatch::Single, Dispatch::Batch, Dispatch::Bulk] {
        for pace in [Pace::Fixed, Pace::Quota] {
            for seed in 0..10 {
                let scenario = || {
                    let mut scenario = eventful(400, dispatch, pace);
                    scenario.tenant.seed = seed;
                    scenario.settings.seed = seed + 100;
                    scenario.tenant.identity.expires_in = ExpiresIn::Text;
                    scenario.tenant.tokens.lifetime_seconds = 24 * 60 * 60;
                    // At each millisecond several things.
                    if seed % 2 == 1 {
                        scenario.settings.ceiling = 1_000_000_000;
                        scenario.settings.batch_delay = 100;
                        scenario.settings.initial_backoff = 20;
                        scenario.tenant.quota.window_ms = 500.try_into().expect("not 0");
                        scenario.tenant.retry_after.min_ms = 1;
                        scenario.tenant.latency = Latency {
                            min_ms: 0,
                            max_ms: 10,
                        };
                    }
                    scenario
                };
                compare(&format!("{dispatch:?}, {pace:?}, seed {seed}"), &scenario());
            }
        }
    }
}

/// The same tenants and settings as those of the simulation tests, which examine the core alone.
#[test]
fn the_component_s_trace_is_that_of_its_core_for_two_hundred_drawn_scenarios() {
    for seed in 0..200 {
        let drawn = Drawn::draw(seed);
        let dispatch = match drawn.settings.dispatch {
            CoreDispatch::Single => Dispatch::Single,
            CoreDispatch::Batch => Dispatch::Batch,
            CoreDispatch::Bulk => Dispatch::Bulk,
        };
        let pace = match drawn.settings.pace {
            CorePace::Fixed => Pace::Fixed,
            CorePace::Quota => Pace::Quota,
        };
        let mut scenario = scenario(0, dispatch, pace);
        scenario.tenant = drawn.tenant;
        // When a token is renewed ahead of its end is the host's affair, and the plain loop's tokens know nothing of
        // it.
        scenario.tenant.tokens.lifetime_seconds = TokensConfig::default().lifetime_seconds;
        let settings = &mut scenario.settings;
        settings.batch_size = drawn.settings.batch_size;
        settings.batch_delay = drawn.settings.batch_delay;
        settings.max_retries = drawn.settings.max_retries;
        settings.initial_backoff = drawn.settings.initial_backoff;
        settings.ceiling = drawn.settings.ceiling;
        settings.selection.limit = drawn.settings.selection.limit;
        settings.selection.order = match drawn.settings.selection.order {
            CoreOrder::Stalest => Order::Stalest,
            CoreOrder::Listed => Order::Listed,
        };
        settings.selection.include_unsupported = drawn.settings.selection.include_unsupported;
        settings.seed = drawn.settings.seed;
        compare(&format!("seed {seed}"), &scenario);
    }
}

/// Runs a scenario each way and compares all requests, all responses, their times and the counts.
fn compare(name: &str, scenario: &Scenario) {
    let (core, expected) = Native::run(scenario);
    for (execution, sandbox) in [("compiled", &SANDBOX), ("interpreted", &INTERPRETED)] {
        let ran = in_the_sandbox(sandbox, scenario.clone());
        same(
            &format!("{name}, {execution}"),
            scenario,
            &ran,
            (&core, &expected),
        );
    }
}

fn same(
    name: &str,
    scenario: &Scenario,
    (summary, trace): &(Summary, Trace),
    (core, expected): (&engine::contract::Summary, &Trace),
) {
    for (at, (seen, expected)) in trace.iter().zip(expected).enumerate() {
        assert!(
            seen == expected,
            "{name}, line {at}:\n{seen:?}\nbut natively\n{expected:?}\nall that was drawn:\n{:#?}\n{:#?}",
            scenario.tenant,
            scenario.settings
        );
    }
    assert_eq!(trace.len(), expected.len(), "{name}");
    let counts = |success, error, gone, pending, retries, throttled, requests, duration| {
        [
            u64::from(success),
            u64::from(error),
            u64::from(gone),
            u64::from(pending),
            retries,
            throttled,
            requests,
            duration,
        ]
    };
    assert_eq!(
        counts(
            summary.success,
            summary.error,
            summary.gone,
            summary.pending,
            summary.retries,
            summary.throttled,
            summary.requests,
            summary.duration
        ),
        counts(
            core.success,
            core.error,
            core.gone,
            core.pending,
            core.retries,
            core.throttled,
            core.requests,
            core.duration
        ),
        "{name}"
    );
}
