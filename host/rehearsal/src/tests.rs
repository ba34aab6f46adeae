//! What makes a rehearsal repeat itself: the order of things within one instant.

mod cost;
mod custody;
mod native;

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{Arc, LazyLock, Mutex},
    task::Poll,
};

use bytes::Bytes;
use futures::FutureExt as _;
use http::Request;
use intune_sync_egress::{Limits, sync::Writes};
use intune_sync_sandbox::Execution;
use intune_sync_simulator::{BulkCost, Delivery, Latency, QuotaKind, RetryAfterForm, Share};
use intune_sync_wit::{Dispatch, EventKind, Order, Pace, Purpose, RunStatus, Selection};
use tokio::time::sleep_until;

use super::*;

/// Compiled once for all tests.
static SANDBOX: LazyLock<Sandbox> =
    LazyLock::new(|| Sandbox::built_in(Execution::Native).expect("the built-in component fits"));

/// The same, interpreted.
static INTERPRETED: LazyLock<Sandbox> =
    LazyLock::new(|| Sandbox::built_in(Execution::Pulley).expect("the built-in component fits"));

/// 2026-11-23T04:50:00Z.
const STARTED_AT: u64 = 1_795_409_400_000;

fn scenario(devices: u32, dispatch: Dispatch, pace: Pace) -> Scenario {
    let mut tenant = Config {
        started_at: Some(STARTED_AT),
        ..Config::default()
    };
    tenant.fleet.devices = devices;
    let root = "https://graph.microsoft.com";
    Scenario {
        settings: Settings {
            graph_root: root.to_owned(),
            scope: format!("{root}/.default"),
            purpose: Purpose::Sync,
            batch_size: 50,
            batch_delay: 10_000,
            max_retries: 5,
            initial_backoff: 5_000,
            dispatch,
            pace,
            ceiling: 9_750,
            selection: Selection {
                order: Order::Stalest,
                ..Selection::default()
            },
            whole_list: false,
            learned: None,
            give_up_after: 600_000,
            started_at: STARTED_AT,
            seed: 11,
        },
        rules: Rules {
            origin: root.parse().expect("it is an origin"),
            writes: match dispatch {
                Dispatch::Bulk => Writes::SyncsAndBulk,
                Dispatch::Single | Dispatch::Batch => Writes::Syncs,
            },
        },
        tenant,
    }
}

/// A tenant in which everything happens.
fn eventful(devices: u32, dispatch: Dispatch, pace: Pace) -> Scenario {
    let mut scenario = scenario(devices, dispatch, pace);
    let tenant = &mut scenario.tenant;
    tenant.latency = Latency {
        min_ms: 20,
        max_ms: 1_500,
    };
    tenant.quota.neighbour = Share::percent(50);
    tenant.quota.neighbour_period_ms = 30_000;
    tenant.retry_after.form = RetryAfterForm::Mixed;
    tenant.faults.envelope = Share::percent(5);
    tenant.faults.single = Share::percent(5);
    tenant.faults.item = Share::percent(2);
    tenant.faults.drop_before = Share::percent(2);
    tenant.faults.drop_after = Share::percent(2);
    tenant.bulk.cost = BulkCost::Device;
    tenant.tokens.revoke_after_writes = vec![100, 300];
    tenant.tokens.lifetime_seconds = 60;
    scenario
}

/// A rehearsed run and the trace of it: a line for each request and each response.
fn traced(scenario: Scenario) -> (Rehearsed, Vec<String>) {
    let trace = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&trace);
    let recorder: Recorder = Box::new(move |Seen { at, number, what }| {
        let what = match what {
            What::Sent(request) => format!("{request:?}"),
            What::Arrived(Delivery::Response(response)) => {
                format!("{} {:?}", response.status(), response.body())
            }
            What::Arrived(Delivery::Dropped) => "dropped".to_owned(),
            What::TimedOut => "timed out".to_owned(),
            What::GivenUp => "given up".to_owned(),
        };
        let mut trace = recorded.lock().expect("no recorder panics");
        trace.push(format!("{at} {number} {what}"));
    });
    let rehearsed = run(&SANDBOX, scenario, &mut |_| Next::Continue, Some(recorder));
    let rehearsed = rehearsed.unwrap_or_else(|error| panic!("{error}"));
    let trace = std::mem::take(&mut *trace.lock().expect("no recorder panics"));
    (rehearsed, trace)
}

#[test]
fn the_same_scenario_gives_the_same_trace() {
    for dispatch in [Dispatch::Single, Dispatch::Batch, Dispatch::Bulk] {
        let scenario = || eventful(600, dispatch, Pace::Quota);
        let (rehearsed, trace) = traced(scenario());
        let statistics = rehearsed.tenant.statistics();
        assert_eq!(statistics.early_calls, 0, "{statistics:?}");
        assert!(statistics.tokens_issued > 2, "{statistics:?}");
        assert!(statistics.throttled_requests + statistics.throttled_items > 0);
        let (again, same) = traced(scenario());
        assert!(trace == same, "{dispatch:?}");
        assert_eq!(rehearsed.summary, again.summary);
        assert_eq!(rehearsed.took, again.took);
        assert_eq!(statistics, again.tenant.statistics());

        let mut other = scenario();
        other.settings.seed += 1;
        assert!(trace != traced(other).1, "{dispatch:?}");
        let mut other = scenario();
        other.tenant.seed += 1;
        assert!(trace != traced(other).1, "{dispatch:?}");
    }
}

#[test]
fn the_run_begins_at_the_tenant_s_zero_and_takes_virtual_time_only() {
    let (rehearsed, trace) = traced(scenario(1_000, Dispatch::Batch, Pace::Fixed));
    assert!(trace[0].starts_with("0 0 Request"), "{}", trace[0]);
    assert_eq!(rehearsed.summary.success, 1_000);
    assert_eq!(rehearsed.summary.status, RunStatus::Completed);
    // 19 pauses of 10 s, and what of 1,000 devices at 9.75 a second is not within these.
    assert!(
        rehearsed.took > Duration::from_secs(190),
        "{:?}",
        rehearsed.took
    );
    assert_eq!(
        Duration::from_millis(rehearsed.summary.duration),
        rehearsed.took
    );
    let statistics = rehearsed.tenant.statistics();
    assert_eq!(statistics.devices_synced_once, 1_000);
    assert_eq!(
        rehearsed.summary.requests + statistics.requests.identity,
        statistics.requests.total()
    );
}

/// A request leaves each millisecond, and takes 10 to 40 of them: often several responses are due at one instant. Their
/// outcomes are reported in one turn, so the guest has seen all of them before it acted.
#[test]
fn the_responses_of_an_instant_reach_the_guest_together() {
    let mut scenario = scenario(500, Dispatch::Single, Pace::Quota);
    scenario.settings.ceiling = 1_000_000_000;
    scenario.tenant.quota.kind = QuotaKind::Off;
    scenario.tenant.requests.kind = QuotaKind::Off;
    scenario.tenant.latency = Latency {
        min_ms: 10,
        max_ms: 40,
    };
    let mut turns: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let mut turn = |events: &[Event]| {
        let done = events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::DeviceDone(_)));
        let at = done.clone().map(|event| event.at).next();
        if let Some(at) = at {
            assert!(done.clone().all(|event| event.at == at));
            turns.entry(at).or_default().push(done.count());
        }
        Next::Continue
    };
    run(&SANDBOX, scenario, &mut turn, None).unwrap_or_else(|error| panic!("{error}"));
    assert!(turns.values().all(|turns| turns.len() == 1), "{turns:?}");
    assert!(turns.values().any(|turns| turns[0] >= 4), "{turns:?}");
    assert_eq!(turns.values().flatten().sum::<usize>(), 500);
}

/// More responses than the scheduler handles in a round, each in a separate task as in the sandbox, and a timer for the
/// same instant that was there before: a task that waits for all of them sees them all at once.
#[tokio::test(start_paused = true)]
async fn responses_and_timers_of_an_instant_are_seen_together() {
    const CALLS: usize = 200;
    let zero = Instant::now();
    let instant = zero + Duration::from_millis(100);
    let mut timer = Box::pin(sleep_until(instant));
    assert!((&mut timer).now_or_never().is_none());
    let config = Config {
        latency: Latency {
            min_ms: 100,
            max_ms: 100,
        },
        ..Config::default()
    };
    let order = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&order);
    let recorder: Recorder = Box::new(move |seen| {
        if let What::Arrived(_) = seen.what {
            recorded
                .lock()
                .expect("no recorder panics")
                .push(seen.number);
        }
    });
    let channel = TenantTask::start(Tenant::new(config), zero, Some(recorder));
    let mut calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { channel.call(token_request(), Limits::default()).await })
        })
        .collect();
    let seen = settled(poll_fn(|context| {
        let arrived = calls
            .iter_mut()
            .filter_map(|call| match call.poll_unpin(context) {
                Poll::Ready(response) => Some(response),
                Poll::Pending => None,
            })
            .count();
        match (arrived, timer.poll_unpin(context).is_ready()) {
            (0, false) => Poll::Pending,
            seen => Poll::Ready(seen),
        }
    }))
    .await;
    assert_eq!(seen, (CALLS, true));
    assert_eq!(Instant::now(), instant);
    let order = order.lock().expect("no recorder panics");
    assert!(order.iter().copied().eq(0..CALLS as u64), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_is_given_up() {
    let config = Config {
        latency: Latency {
            min_ms: 100,
            max_ms: 100,
        },
        ..Config::default()
    };
    let channel = TenantTask::start(Tenant::new(config), Instant::now(), None);
    let call = channel.call(token_request(), Limits::default());
    assert!(
        tokio::time::timeout(Duration::from_millis(20), call)
            .await
            .is_err()
    );
    // It was to be carried out at 50 ms.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let tenant = channel.close().await;
    assert_eq!(tenant.statistics().requests.identity, 1);
    assert_eq!(tenant.statistics().tokens_issued, 0);
    assert_eq!(tenant.next_at(), None);
}

#[tokio::test(start_paused = true)]
async fn a_response_in_the_last_instant_is_in_time_and_a_later_one_is_not() {
    let config = Config {
        latency: Latency {
            min_ms: 100,
            max_ms: 100,
        },
        ..Config::default()
    };
    let channel = TenantTask::start(Tenant::new(config), Instant::now(), None);
    let call = |first_byte| {
        let limits = Limits {
            first_byte: Duration::from_millis(first_byte),
            ..Limits::default()
        };
        channel.call(token_request(), limits)
    };
    assert!(call(100).await.is_ok());
    let begun = Instant::now();
    assert!(matches!(
        call(99).await,
        Err(intune_sync_egress::ClientError::ReadTimeout { .. })
    ));
    assert_eq!(begun.elapsed(), Duration::from_millis(99));
}

#[test]
fn a_run_can_be_stopped_and_abandoned_at_any_turn() {
    let mut decisions = [Next::Continue, Next::Continue, Next::Stop].into_iter();
    let mut turn = |_: &[Event]| decisions.next().unwrap_or(Next::Stop);
    let scenario = || scenario(1_000, Dispatch::Batch, Pace::Quota);
    let stopped = run(&SANDBOX, scenario(), &mut turn, None);
    let stopped = stopped.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(stopped.summary.status, RunStatus::Stopped);
    assert!(stopped.summary.pending > 0);
    let abandoned = run(&SANDBOX, scenario(), &mut |_| Next::Abandon, None);
    assert!(matches!(abandoned, Err(RehearsalError::Abandoned)));
}

fn token_request() -> Request<Bytes> {
    Request::get(
        "http://localhost/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com",
    )
    .header("x-identity-header", "simulator")
    .body(Bytes::new())
    .expect("it is a request")
}

#[test]
fn a_component_that_returns_without_end_at_one_moment_is_ended() {
    let mut progress = Progress::default();
    let now = Duration::from_millis(7);
    let mut turns = |now| (0..TURNS_MAX).all(|_| progress.turn(now).is_ok());
    assert!(turns(now), "as many as the engine may ever need");
    assert!(turns(now + Duration::from_millis(1)), "time goes on");
    let next = progress.turn(now + Duration::from_millis(1));
    assert!(matches!(next, Err(RehearsalError::Standstill)));
}
