//! A run of the engine, whose events are streamed to the caller.

use std::time::Duration;

use intune_sync_report::{Collector, Format, Stop, Turn, by_variables, run_id, time_of_day};
use intune_sync_settings::{Environment, Given, seed};
use intune_sync_wit::{self as wit, Purpose};
use jiff::Timestamp;
use wasi::{
    clocks::{monotonic_clock, wall_clock},
    http::types::ResponseOutparam,
};

use super::{response, sink::Sink};
use crate::Refusal;

/// A run that has been started and has sent nothing yet.
pub(super) struct Run {
    engine: wit::Run,
    collector: Collector,
    turn: Turn,
    /// When it was started, on the monotonic clock.
    started: u64,
}

impl Run {
    /// # Errors
    ///
    /// 500 when the engine refuses the settings, which are all within their ranges.
    pub(super) fn start(
        given: &Given,
        operator: &Environment,
        purpose: Purpose,
    ) -> Result<Self, Refusal> {
        let now = now();
        let seed = seed(now.as_nanosecond());
        let settings = given.settings(
            purpose,
            (operator.cloud, operator.graph.to_string()),
            u64::try_from(now.as_millisecond()).unwrap_or_default(),
            seed,
        );
        let engine = wit::Run::start(&settings).map_err(|error| {
            Refusal::new(
                500,
                format!(
                    "the engine refuses its settings: `{}`: {}",
                    error.setting, error.problem
                ),
                "report this as a bug",
            )
        })?;
        Ok(Self {
            engine,
            collector: Collector::new(Format::Jsonl, purpose, run_id(now, seed)),
            turn: Turn::new(given.deadline.map(Duration::from_millis)),
            started: monotonic_clock::now(),
        })
    }

    /// Runs, and streams the events. When the caller goes away, what is in flight is finished and nothing new started.
    pub(super) fn respond(mut self, out: ResponseOutparam) {
        let mut sink = Sink::new(response::begin(out, 200, "application/x-ndjson", None));
        loop {
            let elapsed = monotonic_clock::now().saturating_sub(self.started);
            let requested = (!sink.is_open()).then_some(Stop::Unread);
            let stop = self.turn.poll(Duration::from_nanos(elapsed), requested);
            if stop.is_some() {
                self.engine.stop();
            }
            let Some(events) = self.engine.next(Turn::MAX_WAIT_MILLIS) else {
                break;
            };
            for event in &events {
                if let Some(line) = self.collector.handle_event(now(), event) {
                    sink.push(&line);
                }
            }
            sink.write();
        }
        let summary = by_variables(self.engine.summary());
        sink.push(&self.collector.finish(now(), &summary));
        sink.finish();
    }
}

/// The time of day.
fn now() -> Timestamp {
    let time = wall_clock::now();
    time_of_day(time.seconds, time.nanoseconds)
}
