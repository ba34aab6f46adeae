//! What the sandbox costs: the component against the same core native, each behind the same gate, token cache and
//! scheduler. All that differs is where the core runs. Once over loopback HTTP, as the program does it, and once on the
//! virtual clock, where the tenant is in this process and nothing is on a wire.

use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full};
use intune_sync_egress::{HttpClient, Surrogate, TokenSource, Unavailable};
use intune_sync_engine::{
    self as engine, Action, TokenResponse, TokenSerial,
    http::{Method, NoResponse, RequestId},
};
use intune_sync_identity::{AccessToken, Secret, TokenError};
use tokio::task::JoinSet;
use wasmtime_wasi_http::{RequestOptions, WasiBody};

use super::{custody::share, native::settings, *};

/// Runs of each, taken in turns, where the cost is measured.
const RUNS: usize = 5;

type Exchanged = (RequestId, Result<engine::http::Response, NoResponse>);

const DISPATCHES: [(&str, Dispatch); 3] = [
    ("single", Dispatch::Single),
    ("batch", Dispatch::Batch),
    ("bulk", Dispatch::Bulk),
];

fn paced(devices: u32, dispatch: Dispatch) -> Scenario {
    let mut scenario = scenario(devices, dispatch, Pace::Quota);
    scenario.tenant.latency = Latency {
        min_ms: 100,
        max_ms: 800,
    };
    scenario.tenant.bulk.cost = BulkCost::Device;
    scenario
}

/// What is compared below does the same work: the same requests in the same time, to the same end.
#[test]
fn the_core_behind_this_host_ends_as_the_component_does() {
    for (name, dispatch) in DISPATCHES {
        let component = run(
            &SANDBOX,
            paced(700, dispatch),
            &mut |_| Next::Continue,
            None,
        );
        let component = component.expect("it runs").summary;
        let native = natively(paced(700, dispatch));
        assert_eq!(
            (component.success, component.requests, component.duration),
            (native.success, native.requests, native.duration),
            "{name}"
        );
        assert_eq!(native.success, 700, "{name}");
    }
}

/// With `INTUNE_SYNC_MEASURE=50000` it prints a line for each way and dispatch,
/// `sandbox-cost loopback single 52.3 39.9`: microseconds of CPU time a device, of the component and of the native
/// core, medians of five runs with this many devices; and `sandbox-custody single 2.1`, what custody takes of both.
/// `make bench` reads them.
#[test]
#[expect(clippy::print_stdout, reason = "a measure is there to be read")]
fn cost() {
    let Ok(devices) = std::env::var("INTUNE_SYNC_MEASURE") else {
        return;
    };
    let devices: u32 = devices.parse().expect("a number of devices");
    LazyLock::force(&SANDBOX);
    for (name, dispatch) in DISPATCHES {
        let on_the_virtual_clock = compared(
            || {
                let rehearsed = run(
                    &SANDBOX,
                    paced(devices, dispatch),
                    &mut |_| Next::Continue,
                    None,
                );
                rehearsed.expect("it runs").summary.success
            },
            || natively(paced(devices, dispatch)).success,
        );
        println!("sandbox-cost virtual {name} {on_the_virtual_clock}");
        let loopback = Loopback::serve(devices);
        let over_loopback = compared(
            || loopback.run(dispatch, component),
            || {
                loopback.run(dispatch, |behind| async {
                    drive(behind, Time::Real).await.success
                })
            },
        );
        println!("sandbox-cost loopback {name} {over_loopback}");
        let mut shares: Vec<f64> = (0..RUNS).map(|_| share(devices, dispatch)).collect();
        shares.sort_by(f64::total_cmp);
        println!("sandbox-custody {name} {:.2}", shares[RUNS / 2]);
    }

    async fn component(behind: Behind) -> u32 {
        let run = SANDBOX.start(behind.settings, behind.egress, Time::Real);
        let mut run = run.await.expect("it starts");
        while run.next(TURN).await.expect("it goes on").is_some() {}
        run.summary().await.expect("it reports").success
    }
}

/// Microseconds of CPU time a device: those of the one, and those of the other.
fn compared(component: impl Fn() -> u32, native: impl Fn() -> u32) -> String {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(cpu(&component));
        theirs.push(cpu(&native));
    }
    let devices = ours[0].1;
    let each = |mut runs: Vec<(f64, u32)>| {
        assert!(runs.iter().all(|(_, synced)| *synced == devices));
        runs.sort_by(|one, other| one.0.total_cmp(&other.0));
        runs[RUNS / 2].0 * 1e6 / f64::from(devices)
    };
    format!("{:.2} {:.2}", each(ours), each(theirs))
}

/// A tenant on a socket, on a separate thread, without quota and latency.
struct Loopback {
    root: String,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Loopback {
    const TOKEN: &str = "a-token-that-is-always-good";

    fn serve(devices: u32) -> Self {
        let mut config = paced(devices, Dispatch::Batch).tenant;
        config.latency = Latency {
            min_ms: 0,
            max_ms: 0,
        };
        config.quota.kind = QuotaKind::Off;
        config.requests.kind = QuotaKind::Off;
        config.tokens.fixed = Some(Self::TOKEN.to_owned());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("it is a socket");
        let root = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("it is a socket");
                let simulator = intune_sync_simulator::Simulator::new(config);
                tokio::select! {
                    _ = intune_sync_simulator::serve(simulator, listener) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { root, _stop: stop }
    }

    /// A run on this thread: its HTTP client is part of what is measured, the tenant is not.
    fn run<F: Future<Output = u32>>(&self, dispatch: Dispatch, run: impl Fn(Behind) -> F) -> u32 {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let Scenario {
                mut settings,
                mut rules,
                ..
            } = scenario(0, dispatch, Pace::Quota);
            settings.graph_root.clone_from(&self.root);
            settings.ceiling = 1_000_000_000;
            rules.origin = self.root.parse().expect("it is an origin");
            let tokens =
                TokenCache::new(Arc::new(Fixed), settings.scope.clone(), &Handle::current());
            tokens.first().await.expect("there is a token");
            let egress = Egress::new(rules, &settings, tokens, HttpClient::direct());
            run(Behind {
                zero: Instant::now(),
                settings,
                egress: Arc::new(egress),
            })
            .await
        })
    }
}

struct Fixed;

impl TokenSource for Fixed {
    fn fetch<'a>(
        &'a self,
        _scope: &'a str,
        _renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        let secret = Secret::parse(Loopback::TOKEN).expect("it is one");
        let token = AccessToken::new(secret, Duration::from_hours(1)).expect("it is not over");
        Box::pin(async move { Ok(token) })
    }

    fn describe(&self) -> String {
        "a fixed token".to_owned()
    }
}

/// What a run is given: the way out, and all that is behind it.
struct Behind {
    zero: Instant,
    settings: Settings,
    egress: Arc<Egress>,
}

/// The CPU time of this thread in seconds, as the kernel counts it.
pub(super) fn cpu<T>(work: impl FnOnce() -> T) -> (f64, T) {
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
    runtime.block_on(async {
        let Wired {
            zero,
            channel,
            settings,
            egress,
        } = wire(scenario, None);
        let behind = Behind {
            zero,
            settings,
            egress,
        };
        let summary = drive(behind, Time::Virtual).await;
        drop(channel);
        summary
    })
}

async fn drive(behind: Behind, time: Time) -> engine::contract::Summary {
    let settings = engine::Settings::try_from(settings(&behind.settings)).expect("good settings");
    let mut run = engine::Run::new(settings);
    let mut in_flight: JoinSet<Exchanged> = JoinSet::new();
    let mut held = (TokenSerial(0), String::new());
    all_that_is_due(time).await;
    loop {
        let now = behind.zero.elapsed();
        match run.poll(now) {
            Action::GetToken { rejected } => {
                let refused = rejected.map(|_| held.1.clone());
                let response = match behind
                    .egress
                    .token(&behind.settings.scope, refused.as_deref())
                {
                    Ok(Surrogate { value, lifetime }) => {
                        if value != held.1 {
                            held = (TokenSerial(held.0.0 + 1), value);
                        }
                        TokenResponse::Token {
                            serial: held.0,
                            lifetime,
                        }
                    }
                    Err(Unavailable::TryAgain(after)) => TokenResponse::TryAgain(after),
                    Err(Unavailable::Denied(reason)) => TokenResponse::Denied(reason),
                };
                run.handle_token(now, response);
            }
            Action::Send(request) => {
                let root = behind.settings.graph_root.clone();
                in_flight.spawn(exchange(
                    Arc::clone(&behind.egress),
                    root,
                    request,
                    held.1.clone(),
                ));
            }
            Action::Yield => {}
            Action::WaitUntil(until) => {
                let timer = until.map(|until| behind.zero + until);
                let first = tokio::select! {
                    biased;
                    Some(done) = in_flight.join_next() => Some(done),
                    () = async { match timer { Some(timer) => sleep_until(timer).await, None => std::future::pending().await } } => None,
                };
                all_that_is_due(time).await;
                let mut exchanged: Vec<Exchanged> = Vec::new();
                exchanged.extend(first.map(|done| done.expect("no task panics")));
                while let Some(done) = in_flight.try_join_next() {
                    exchanged.push(done.expect("no task panics"));
                }
                exchanged.sort_by_key(|(id, _)| *id);
                let now = behind.zero.elapsed();
                for (id, result) in exchanged {
                    run.handle_response(now, id, result);
                }
            }
            Action::Done => return run.summary(),
        }
        run.events();
    }
}

/// On the virtual clock an instant lasts until all is done in it.
async fn all_that_is_due(time: Time) {
    match time {
        Time::Virtual => settle().await,
        Time::Real => {}
    }
}

async fn exchange(
    egress: Arc<Egress>,
    root: String,
    request: engine::http::Request,
    token: String,
) -> Exchanged {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let mut outgoing = Request::builder()
        .method(method)
        .uri(format!("{root}{}", request.path_and_query))
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
    let response = egress
        .send(outgoing.body(body).expect("it is a request"), options)
        .await;
    let broken = |error| Err(NoResponse::Transport(format!("{error:?}")));
    let result = match response {
        Err(error) => broken(error),
        Ok(response) => {
            let (head, body) = response.into_parts();
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
    (request.id, result)
}
