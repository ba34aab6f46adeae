//! Drives a run against the test's Graph on virtual time, and keeps its trace.

use std::{collections::BTreeMap, time::Duration};

use intune_sync_engine::{
    Action, Run, Settings, TokenAnswer, TokenSerial,
    contract::{
        self, Dispatch, Event, EventKind, Order, Outcome, Pace, Purpose, Selection, Summary,
    },
    http::{Request, RequestId},
};
use intune_sync_ids::Guid;

use crate::graph::{Graph, Reply};

pub(crate) fn settings() -> contract::Settings {
    contract::Settings {
        graph_root: "https://graph.microsoft.com".into(),
        scope: "https://graph.microsoft.com/.default".into(),
        purpose: Purpose::Sync,
        batch_size: 50,
        batch_delay: 10_000,
        max_retries: 5,
        initial_backoff: 5_000,
        dispatch: Dispatch::Batch,
        pace: Pace::Fixed,
        ceiling: 9_750,
        selection: Selection {
            os: vec![],
            compliance: vec![],
            owner: vec![],
            agent: vec![],
            category: vec![],
            name: vec![],
            stale_for: None,
            devices: vec![],
            limit: None,
            order: Order::Listed,
            include_unsupported: false,
        },
        started_at: 1_794_382_080_000,
        seed: 1,
    }
}

/// A run that is over.
pub(crate) struct Finished {
    pub(crate) summary: Summary,
    pub(crate) events: Vec<Event>,
    /// When each request left.
    pub(crate) sent: Vec<(Duration, Request)>,
}

impl Finished {
    /// The final outcomes of each device.
    pub(crate) fn outcomes(&self) -> BTreeMap<Guid, Vec<Outcome>> {
        let mut outcomes: BTreeMap<Guid, Vec<Outcome>> = BTreeMap::new();
        for event in &self.events {
            if let EventKind::DeviceDone(done) = &event.kind {
                outcomes
                    .entry(done.id.into())
                    .or_default()
                    .push(done.outcome.clone());
            }
        }
        outcomes
    }
}

pub(crate) fn run(settings: contract::Settings, graph: &mut Graph) -> Finished {
    run_with(settings, graph, |_, _, _| {})
}

/// `between` is called before each step, with the number of requests sent so far: it may stop the run or change Graph.
pub(crate) fn run_with(
    settings: contract::Settings,
    graph: &mut Graph,
    mut between: impl FnMut(&mut Run, &mut Graph, usize),
) -> Finished {
    let mut run = Run::new(Settings::try_from(settings).expect("good settings"));
    let mut latency = fastrand::Rng::with_seed(99);
    let mut now = Duration::ZERO;
    let mut on_the_way: BTreeMap<(Duration, u64), Reply> = BTreeMap::new();
    let (mut events, mut sent) = (Vec::new(), Vec::new());
    let mut serial = 1;
    for _ in 0..1_000_000 {
        between(&mut run, graph, sent.len());
        let action = run.step(now);
        events.extend(run.events());
        match action {
            Action::GetToken { rejected } => {
                if rejected.is_some() {
                    serial += 1;
                    graph.token = graph.token.min(serial);
                }
                let lifetime = Duration::from_secs(3600);
                run.token(
                    now,
                    TokenAnswer::Token {
                        serial: TokenSerial(serial),
                        lifetime,
                    },
                );
            }
            Action::Send(request) => {
                let reply = graph.answer(now, &request);
                let arrives = now + Duration::from_millis(latency.u64(20..3_000));
                on_the_way.insert((arrives, request.id.0), reply);
                sent.push((now, request));
            }
            Action::WaitUntil(until) => {
                let first = on_the_way.keys().next().copied();
                match (until, first) {
                    (Some(until), Some((arrives, _))) if until < arrives => now = until,
                    (Some(until), None) => now = until,
                    (_, Some(key)) => {
                        now = key.0;
                        let reply = on_the_way.remove(&key).expect("it is there");
                        graph.delivered(now, &reply);
                        run.answered(now, RequestId(key.1), reply.result);
                    }
                    (None, None) => panic!("the run waits for nothing at {now:?}: {run:?}"),
                }
            }
            Action::Done => {
                events.extend(run.events());
                return Finished {
                    summary: run.summary(),
                    events,
                    sent,
                };
            }
        }
    }
    panic!("the run does not end");
}
