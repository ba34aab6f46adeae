//! What the sandbox costs: the component against the same core native, each behind the same gate, token cache and
//! scheduler, on the same virtual clock, towards the same tenant. All that differs is where the core runs.

use http_body_util::{BodyExt as _, Full};
use intune_sync_engine::{
    self as engine, Action, TokenAnswer, TokenSerial,
    http::{Method, NoAnswer, RequestId},
};
use tokio::task::JoinSet;
use wasmtime_wasi_http::{RequestOptions, WasiBody};

use super::{native::settings, *};
use crate::sandbox::bindings::token;

/// Devices in a run.
const DEVICES: u32 = 50_000;
/// Runs of each, taken in turns.
const RUNS: usize = 5;

type Answered = (RequestId, Result<engine::http::Response, NoAnswer>);

/// Prints a line for each dispatch: `sandbox-cost single 12.3 7.9`, in microseconds of CPU time a device, of the
/// component and of the native core, medians of five runs.
#[test]
#[ignore = "a measure, taken by `make bench`"]
#[expect(clippy::print_stdout, reason = "the measure reads these lines")]
fn measure() {
    LazyLock::force(&SANDBOX);
    for (name, dispatch) in [
        ("single", Dispatch::Single),
        ("batch", Dispatch::Batch),
        ("bulk", Dispatch::Bulk),
    ] {
        let scenario = || {
            let mut scenario = scenario(DEVICES, dispatch, Pace::Quota);
            scenario.tenant.latency = Latency {
                min_ms: 100,
                max_ms: 800,
            };
            scenario.tenant.bulk.cost = BulkCost::Device;
            scenario
        };
        let (mut component, mut native) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            component.push(cpu(|| {
                let rehearsed = run(&SANDBOX, scenario(), &mut |_| Wish::GoOn, None);
                rehearsed.expect("it runs").summary.success
            }));
            native.push(cpu(|| natively(scenario()).success));
        }
        let each = |mut runs: Vec<(f64, u32)>| {
            assert!(runs.iter().all(|(_, synced)| *synced == runs[0].1));
            runs.sort_by(|one, other| one.0.total_cmp(&other.0));
            runs[RUNS / 2].0 * 1e6 / f64::from(DEVICES)
        };
        println!(
            "sandbox-cost {name} {:.2} {:.2}",
            each(component),
            each(native)
        );
    }
}

/// The CPU time of this thread in seconds, as the kernel counts it.
fn cpu<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let so_far = || {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
        let nanos = stat
            .split_whitespace()
            .next()
            .and_then(|n| n.parse::<f64>().ok());
        nanos.expect("nanoseconds") / 1e9
    };
    let before = so_far();
    let result = work();
    (so_far() - before, result)
}

/// The run with the same core in this program: what `wasi:http` and the sandbox do for the component, done directly.
fn natively(scenario: Scenario) -> engine::contract::Summary {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(drive(scenario))
}

async fn drive(scenario: Scenario) -> engine::contract::Summary {
    let wired = wire(scenario, None);
    let settings = engine::Settings::try_from(settings(&wired.settings)).expect("good settings");
    let mut run = engine::Run::new(settings);
    let mut in_flight: JoinSet<Answered> = JoinSet::new();
    let mut held = (TokenSerial(0), String::new());
    settle().await;
    loop {
        let now = wired.zero.elapsed();
        match run.step(now) {
            Action::GetToken { rejected } => {
                let refused = rejected.map(|_| held.1.clone());
                let answer = match wired
                    .egress
                    .token(&wired.settings.scope, refused.as_deref())
                {
                    Ok(token::AccessToken { value, lifetime }) => {
                        if value != held.1 {
                            held = (TokenSerial(held.0.0 + 1), value);
                        }
                        TokenAnswer::Token {
                            serial: held.0,
                            lifetime: Duration::from_millis(lifetime),
                        }
                    }
                    Err(token::TokenError::TryAgain(after)) => {
                        TokenAnswer::TryAgain(Duration::from_millis(after))
                    }
                    Err(token::TokenError::Denied(reason)) => TokenAnswer::Denied(reason),
                };
                run.token(now, answer);
            }
            Action::Send(request) => {
                in_flight.spawn(exchange(Arc::clone(&wired.egress), request, held.1.clone()));
            }
            Action::WaitUntil(until) => {
                let timer = until.map(|until| wired.zero + until);
                let first = tokio::select! {
                    biased;
                    Some(answered) = in_flight.join_next() => Some(answered),
                    () = async { match timer { Some(timer) => sleep_until(timer).await, None => std::future::pending().await } } => None,
                };
                settle().await;
                let mut answers: Vec<Answered> = Vec::new();
                answers.extend(first.map(|answered| answered.expect("no task panics")));
                while let Some(answered) = in_flight.try_join_next() {
                    answers.push(answered.expect("no task panics"));
                }
                answers.sort_by_key(|(id, _)| *id);
                let now = wired.zero.elapsed();
                for (id, answer) in answers {
                    run.answered(now, id, answer);
                }
            }
            Action::Done => return run.summary(),
        }
        run.events();
    }
}

async fn exchange(egress: Arc<Egress>, request: engine::http::Request, token: String) -> Answered {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let mut outgoing = Request::builder()
        .method(method)
        .uri(format!(
            "https://graph.microsoft.com{}",
            request.path_and_query
        ))
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "application/json")
        .header("client-request-id", request.client_request_id.to_string());
    if request.body.is_some() {
        outgoing = outgoing.header("content-type", "application/json");
    }
    let body = Bytes::from(request.body.unwrap_or_default());
    if request.method == Method::Post {
        outgoing = outgoing.header("content-length", body.len());
    }
    let body: WasiBody = Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync();
    let options = RequestOptions {
        connect_timeout: Some(Duration::from_secs(10)),
        first_byte_timeout: Some(request.timeout),
        between_bytes_timeout: Some(request.timeout),
    };
    let answer = egress
        .send(outgoing.body(body).expect("it is a request"), options)
        .await;
    let broken = |error| Err(NoAnswer::Transport(format!("{error:?}")));
    let answer = match answer {
        Err(error) => broken(error),
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            let headers = head.headers.iter().map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.to_string(), value)
            });
            match body.collect().await {
                Err(error) => broken(error),
                Ok(body) => Ok(engine::http::Response {
                    status: head.status.as_u16(),
                    headers: headers.collect(),
                    body: body.to_bytes().to_vec(),
                }),
            }
        }
    };
    (request.id, answer)
}
