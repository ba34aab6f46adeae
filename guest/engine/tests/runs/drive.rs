//! Drives a run against the test's Graph on virtual time, and keeps its trace.

use std::{collections::BTreeMap, time::Duration};

use intune_sync_engine::{
    Action, Run, Settings, TokenResponse, TokenSerial,
    contract::{self, Event, EventKind, Outcome, Summary},
    http::{Request, RequestId},
};
use intune_sync_ids::Guid;

use crate::graph::{Graph, Reply};

pub(crate) fn settings() -> contract::Settings {
    contract::Settings::default()
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
    let mut in_flight: BTreeMap<(Duration, u64), Reply> = BTreeMap::new();
    let (mut events, mut sent) = (Vec::new(), Vec::new());
    let mut serial = 1;
    for _ in 0..1_000_000 {
        between(&mut run, graph, sent.len());
        let action = run.poll(now);
        events.extend(run.events());
        match action {
            Action::GetToken { rejected } => {
                if rejected.is_some() {
                    serial += 1;
                    graph.token = graph.token.min(serial);
                }
                let lifetime = Duration::from_secs(3600);
                run.handle_token(
                    now,
                    TokenResponse::Token {
                        serial: TokenSerial(serial),
                        lifetime,
                    },
                );
            }
            Action::Send(request) => {
                let reply = graph.respond(now, &request);
                let arrives = now + Duration::from_millis(latency.u64(20..3_000));
                in_flight.insert((arrives, request.id.0), reply);
                sent.push((now, request));
            }
            Action::Yield => {}
            Action::WaitUntil(until) => {
                let first = in_flight.keys().next().copied();
                match (until, first) {
                    (Some(until), Some((arrives, _))) if until < arrives => now = until,
                    (Some(until), None) => now = until,
                    (_, Some(key)) => {
                        now = key.0;
                        let reply = in_flight.remove(&key).expect("it is there");
                        graph.delivered(now, &reply);
                        run.handle_response(now, RequestId(key.1), reply.result);
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
