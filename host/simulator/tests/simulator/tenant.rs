//! The tenant driven by its caller: the same responses as at tokio's time, and a defined order within an instant.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    num::NonZeroU32,
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request};
use intune_sync_simulator::{
    Config, Delivery, Latency, QuotaChange, QuotaKind, RetryAfterForm, Share, Simulator,
    Statistics, Tenant, Ticket,
};
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::client::{Client, HOST, TOKEN, config};

/// A comparable form of a delivery; `None` if the connection was closed.
pub(crate) type Seen = Option<(u16, HeaderMap, Bytes)>;

/// A request, and when to send it.
#[derive(Clone)]
struct Planned {
    at: u64,
    request: Request<Bytes>,
}

pub(crate) fn seen(response: Delivery) -> Seen {
    match response {
        Delivery::Dropped => None,
        Delivery::Response(response) => {
            let (parts, body) = response.into_parts();
            Some((parts.status.as_u16(), parts.headers, body))
        }
    }
}

pub(crate) fn request(method: &str, path: &str, number: u64, body: String) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", HOST)
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("x-identity-header", "simulator")
        .header("client-request-id", format!("request-{number}"))
        .body(Bytes::from(body))
        .expect("a test's request is well formed")
}

fn sync(tenant: &Tenant, index: u32) -> Request<Bytes> {
    let id = tenant.device_id(index).expect("the fleet is that large");
    let path = format!("/v1.0/deviceManagement/managedDevices/{id}/syncDevice");
    request("POST", &path, index.into(), String::new())
}

/// A tenant in which nearly everything happens, and that throttles most of the time.
fn eventful(seed: u64) -> Config {
    let mut config = Config {
        seed,
        ..config(200)
    };
    config.fleet.gone = Share::percent(5);
    config.faults.item = Share::percent(10);
    config.faults.page = Share::percent(20);
    config.faults.envelope = Share::percent(10);
    config.faults.drop_before = Share::percent(10);
    config.faults.drop_after = Share::percent(10);
    config.faults.items_shuffled = Share::percent(30);
    config.retry_after.form = RetryAfterForm::Mixed;
    config.retry_after.early_penalty_ms = 50;
    config.requests.kind = QuotaKind::Off;
    config.quota.kind =
        [QuotaKind::Fixed, QuotaKind::Sliding, QuotaKind::Bucket][(seed % 3) as usize];
    config.quota.count_rejected = false;
    config.quota.limit = NonZeroU32::new(60).expect("not 0");
    config.quota.window_ms = NonZeroU32::new(3_000).expect("not 0");
    config.quota.neighbour = Share::percent(30);
    config.quota.neighbour_period_ms = 1_700;
    config.quota.changes = vec![QuotaChange {
        at_ms: 4_000,
        limit: NonZeroU32::new(30).expect("not 0"),
    }];
    config.latency = Latency {
        min_ms: 0,
        max_ms: 1_200,
    };
    config
}

/// Requests of every kind, in order of time.
fn plan(config: &Config) -> Vec<Planned> {
    let tenant = Tenant::new(config.clone());
    let id = |index: u64| {
        tenant
            .device_id((index % 200) as u32)
            .expect("there are 200")
    };
    let planned = (0..60).map(|number| {
        let ids = (number * 7..number * 7 + 20).map(id);
        let request = match number % 6 {
            0 => sync(&tenant, (number * 3) as u32),
            1 => {
                let path = "/v1.0/deviceManagement/managedDevices?$select=id,deviceName&$top=20";
                request("GET", path, number, String::new())
            }
            2 => {
                let path = "/beta/deviceManagement/managedDevices/executeAction";
                let ids: Vec<String> = ids.collect();
                let body = json!({"actionName": "syncDevice", "deviceIds": ids});
                request("POST", path, number, body.to_string())
            }
            3 if number % 4 == 3 => {
                let path = "/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com";
                request("GET", path, number, String::new())
            }
            _ => {
                let items = ids.enumerate().map(|(item, id)| {
                    let url = format!("/deviceManagement/managedDevices/{id}/syncDevice");
                    json!({"id": item.to_string(), "method": "POST", "url": url})
                });
                let items: Vec<_> = items.collect();
                let body = json!({"requests": items}).to_string();
                request("POST", "/v1.0/$batch", number, body)
            }
        };
        Planned {
            at: number * 131,
            request,
        }
    });
    planned.collect()
}

/// Sends the plan and advances step by step. Returns each response and its time, the statistics, and whether every step
/// had a separate instant.
fn by_hand(config: &Config, plan: &[Planned]) -> (Vec<(u64, Seen)>, Statistics, bool) {
    let mut tenant = Tenant::new(config.clone());
    let mut responses = BTreeMap::new();
    let mut instants = HashSet::new();
    let mut alone = true;
    let mut plan = plan.iter().peekable();
    loop {
        let sent_at = plan.peek().map(|planned| planned.at);
        let now = match (sent_at, tenant.next_at()) {
            (Some(sent_at), next_at) if next_at.is_none_or(|next_at| sent_at <= next_at) => {
                let planned = plan.next().expect("one was seen");
                tenant.send(sent_at, planned.request.clone());
                sent_at
            }
            (_, Some(next_at)) => {
                for (ticket, response) in tenant.advance(next_at) {
                    responses.insert(ticket.number(), (next_at, seen(response)));
                }
                next_at
            }
            (_, None) => break,
        };
        alone &= instants.insert(now);
    }
    let responses = responses.into_values().collect();
    (responses, tenant.statistics().clone(), alone)
}

/// Sends the plan on tokio's clock.
async fn at_tokios_time(config: &Config, plan: &[Planned]) -> (Vec<(u64, Seen)>, Statistics) {
    let started = Instant::now();
    let simulator = Simulator::new(config.clone());
    let mut requests = JoinSet::new();
    for (number, planned) in plan.iter().cloned().enumerate() {
        let simulator = simulator.clone();
        requests.spawn(async move {
            sleep_until(started + Duration::from_millis(planned.at)).await;
            let client = Client {
                simulator,
                token: String::new(),
            };
            let response = client.send(planned.request.map(Body::from)).await;
            let now = started.elapsed().as_millis() as u64;
            let mut headers = response.headers;
            // The router adds it.
            headers.remove("content-length");
            let seen = (!response.dropped).then_some((response.status, headers, response.body));
            (number, (now, seen))
        });
    }
    let responses: BTreeMap<_, _> = requests.join_all().await.into_iter().collect();
    (responses.into_values().collect(), simulator.statistics())
}

#[tokio::test(start_paused = true)]
async fn it_responds_as_at_tokios_time() {
    let mut compared = 0;
    let (mut met, mut early, mut throttled, mut accepted) = (BTreeSet::new(), 0, 0, 0);
    for seed in 0..60 {
        let config = eventful(seed);
        let plan = plan(&config);
        let (responses, statistics, alone) = by_hand(&config, &plan);
        // Tokio does not define the order within an instant.
        if !alone {
            continue;
        }
        compared += 1;
        let (same_responses, same_statistics) = at_tokios_time(&config, &plan).await;
        assert_eq!(responses.len(), plan.len());
        assert!(responses == same_responses, "seed {seed}");
        assert_eq!(statistics, same_statistics, "seed {seed}");
        met.extend(statistics.faults.keys().copied());
        early += statistics.early_calls;
        throttled += statistics.throttled_items;
        accepted += statistics.syncs_accepted;
    }
    // The comparison covers enough.
    assert!(met.len() >= 6, "{met:?}");
    assert!(early > 50 && throttled > 500 && accepted > 500);
    assert!(compared >= 10, "only {compared} seeds without a tie");
}

#[test]
fn late_is_the_same_as_step_by_step() {
    for seed in 0..30 {
        let config = eventful(seed);
        let plan = plan(&config);
        let (responses, statistics, _) = by_hand(&config, &plan);
        let mut times: Vec<(u64, usize)> = (0..responses.len())
            .map(|number| (responses[number].0, number))
            .collect();
        times.sort_unstable();
        // After each request, after every seventh, or only in the end.
        for interval in [1, 7, usize::MAX] {
            let mut tenant = Tenant::new(config.clone());
            let mut late = Vec::new();
            for (number, planned) in plan.iter().enumerate() {
                tenant.send(planned.at, planned.request.clone());
                if number % interval == interval - 1 {
                    late.extend(tenant.advance(planned.at));
                }
            }
            late.extend(tenant.advance(1_000_000));
            assert_eq!(tenant.next_at(), None);
            let late: Vec<(usize, Seen)> = late
                .into_iter()
                .map(|(ticket, response)| (ticket.number() as usize, seen(response)))
                .collect();
            let in_time: Vec<(usize, Seen)> = times
                .iter()
                .map(|(_, number)| (*number, responses[*number].1.clone()))
                .collect();
            assert!(late == in_time, "seed {seed}");
            assert_eq!(*tenant.statistics(), statistics, "seed {seed}");
        }
    }
}

#[test]
fn within_an_instant_requests_are_processed_in_the_order_of_arrival() {
    // One write per millisecond, and many requests within one.
    let mut config = config(1_000);
    config.requests.kind = QuotaKind::Off;
    config.quota.kind = QuotaKind::Fixed;
    config.quota.count_rejected = false;
    config.quota.limit = NonZeroU32::MIN;
    config.quota.window_ms = NonZeroU32::MIN;
    config.latency.max_ms = 12;
    let mut tenant = Tenant::new(config);
    let mut sent = BTreeMap::new();
    let mut executed: BTreeMap<u64, BTreeMap<Ticket, u16>> = BTreeMap::new();
    let mut ties = 0;
    for now in 0..400 {
        if now < 300 {
            for index in now * 3..now * 3 + 3 {
                let request = sync(&tenant, index as u32);
                sent.insert(tenant.send(now, request), now);
            }
        }
        let responses = tenant.advance(now);
        assert!(responses.is_sorted_by(|(one, _), (other, _)| one < other));
        ties += usize::from(responses.len() > 1);
        for (ticket, response) in responses {
            let (status, ..) = seen(response).expect("nothing is dropped");
            let half = (now - sent[&ticket]) / 2;
            executed
                .entry(sent[&ticket] + half)
                .or_default()
                .insert(ticket, status);
        }
    }
    assert_eq!((tenant.next_at(), sent.len()), (None, 900));
    assert!(ties > 200, "{ties}");
    for (at, statuses) in executed {
        for (position, status) in statuses.values().enumerate() {
            assert_eq!(*status, if position == 0 { 204 } else { 429 }, "at {at}");
        }
    }
}

#[test]
fn without_latency_the_response_comes_at_once() {
    let mut tenant = Tenant::new(config(10));
    assert_eq!(tenant.next_at(), None);
    let first = tenant.send(70, sync(&tenant, 0));
    let second = tenant.send(70, sync(&tenant, 1));
    assert!(first < second);
    assert_eq!(tenant.next_at(), Some(70));
    assert_eq!(tenant.statistics().syncs_accepted, 0);
    let tickets: Vec<Ticket> = tenant
        .advance(70)
        .iter()
        .map(|(ticket, _)| *ticket)
        .collect();
    assert_eq!(tickets, [first, second]);
    assert_eq!(tenant.next_at(), None);
    assert_eq!(tenant.statistics().most_in_flight, 2);
    // Responses that the caller did not advance to in time are kept.
    let third = tenant.send(80, sync(&tenant, 2));
    let fourth = tenant.send(90, sync(&tenant, 3));
    assert_eq!(
        (tenant.next_at(), tenant.statistics().syncs_accepted),
        (Some(90), 3)
    );
    let tickets: Vec<Ticket> = tenant
        .advance(95)
        .iter()
        .map(|(ticket, _)| *ticket)
        .collect();
    assert_eq!(tickets, [third, fourth]);
    assert_eq!(tenant.statistics().most_in_flight, 2);
    // Each is sent its response before the next one arrives.
    let mut tenant = Tenant::new(config(10));
    for now in 0..5 {
        tenant.send(now, sync(&tenant, now as u32));
    }
    assert_eq!(tenant.advance(5).len(), 5);
    assert_eq!(tenant.statistics().most_in_flight, 1);
    // An inspection waits for its turn.
    let tickets = [
        tenant.send(7, sync(&tenant, 7)),
        tenant.send(7, request("GET", "/_simulator/devices", 0, String::new())),
        tenant.send(7, sync(&tenant, 8)),
    ];
    let delivered: Vec<Ticket> = tenant
        .advance(7)
        .iter()
        .map(|(ticket, _)| *ticket)
        .collect();
    assert_eq!(delivered, tickets);
}

#[test]
fn a_forgotten_request_gets_no_response_and_is_not_in_flight() {
    let mut config = config(10);
    config.latency = Latency {
        min_ms: 100,
        max_ms: 100,
    };
    let mut tenant = Tenant::new(config);
    // Before it is executed.
    let early = tenant.send(0, sync(&tenant, 0));
    tenant.forget(early);
    assert_eq!(tenant.next_at(), None);
    // Between that and its response: the caller does not know the outcome.
    let late = tenant.send(10, sync(&tenant, 1));
    assert_eq!(tenant.advance(60).len(), 0);
    tenant.forget(late);
    assert_eq!(tenant.advance(300).len(), 0);
    let statistics = tenant.statistics();
    assert_eq!(
        (statistics.syncs_accepted, statistics.most_in_flight),
        (1, 1)
    );
    // When the response was sent, whether the caller has advanced to it or not.
    let again = tenant.send(300, sync(&tenant, 1));
    assert_eq!(tenant.statistics().repeated_after_known_outcome, 0);
    let next = tenant.send(500, sync(&tenant, 2));
    assert_eq!(tenant.next_at(), Some(500));
    tenant.forget(again);
    assert_eq!(tenant.next_at(), Some(550));
    let delivered = tenant.advance(600);
    assert_eq!(delivered.len(), 1);
    assert_eq!(delivered[0].0, next);
    tenant.forget(next);
    let last = tenant.send(700, sync(&tenant, 3));
    assert_eq!(tenant.statistics().most_in_flight, 1);
    assert!(last > next);
}

#[test]
fn inspections_change_nothing() {
    let run = |inspects: bool| {
        let config = eventful(5);
        let mut tenant = Tenant::new(config.clone());
        let mut responses = Vec::new();
        for planned in plan(&config) {
            if inspects {
                let inspection = request("GET", "/_simulator/statistics", 0, String::new());
                let before = tenant.statistics().clone();
                let ticket = tenant.send(planned.at, inspection);
                let delivered = tenant.advance(planned.at);
                let (_, response) = delivered
                    .iter()
                    .find(|(delivered, _)| *delivered == ticket)
                    .expect("it is sent at once");
                let (status, _, body) = seen(response.clone()).expect("nothing is dropped");
                let inspected: Statistics = serde_json::from_slice(&body).expect("statistics");
                assert_eq!(status, 200);
                assert_eq!(inspected.requests, before.requests);
                responses.extend(delivered.into_iter().filter(|(other, _)| *other != ticket));
            }
            tenant.send(planned.at, planned.request);
        }
        responses.extend(tenant.advance(1_000_000));
        let responses: Vec<Seen> = responses
            .into_iter()
            .map(|(_, response)| seen(response))
            .collect();
        (responses, tenant.statistics().clone())
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_body_that_is_too_large_fails_at_once() {
    let mut config = config(10);
    config.latency.min_ms = 100;
    config.latency.max_ms = 100;
    let mut tenant = Tenant::new(config);
    let body = " ".repeat((4 << 20) + 1);
    tenant.send(3, request("POST", "/v1.0/$batch", 0, body));
    let responses = tenant.advance(3);
    let (_, response) = responses.into_iter().next().expect("a response");
    assert_eq!(seen(response).map(|(status, ..)| status), Some(413));
    let statistics = tenant.statistics();
    assert_eq!(
        (statistics.requests.total(), statistics.most_in_flight),
        (0, 1)
    );
}

#[test]
#[should_panic(expected = "time goes back from 10 to 9")]
fn time_does_not_go_back() {
    let mut tenant = Tenant::new(config(10));
    tenant.advance(10);
    let request = sync(&tenant, 0);
    tenant.send(9, request);
}
