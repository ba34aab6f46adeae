//! A run of the engine, whose events are streamed to the caller.

use std::time::Duration;

use intune_sync_report::{
    Collector, ExitStatus, Format, Notification, Stop, Turn, advice, by_variables, run_id,
    time_of_day,
};
use intune_sync_settings::{Environment, Given, Webhook, seed};
use intune_sync_wit::{self as wit, Purpose, Summary};
use jiff::Timestamp;
use wasi::{
    cli::stderr,
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
    given: Given,
    /// What gets a message about it.
    webhook: Option<Webhook>,
    run_id: String,
    /// When it was started, by the time of day.
    began: Timestamp,
}

impl Run {
    /// # Errors
    ///
    /// 500 when the engine refuses the settings, which are all within their ranges.
    pub(super) fn start(
        given: &Given,
        operator: &Environment,
        webhook: Option<Webhook>,
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
        let run_id = run_id(now, seed);
        Ok(Self {
            engine,
            collector: Collector::new(Format::Jsonl, purpose, run_id.as_str()),
            given: given.clone(),
            webhook,
            run_id,
            began: now,
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
        // While the response is open, no runtime takes the instance away.
        sink.write();
        self.report(summary);
        sink.finish();
    }

    /// Sends the message about the run. That it was not sent is for the operator to know, in the log of the runtime.
    fn report(self, summary: Summary) {
        let Some(webhook) = self.webhook else {
            return;
        };
        let is_incomplete = self.collector.is_incomplete();
        let stopped = self.turn.stopped();
        let status = ExitStatus::of_run(&summary, stopped, &self.given, is_incomplete);
        let took = monotonic_clock::now().saturating_sub(self.started) / 1_000_000;
        let failures = self.collector.failures();
        let notification = Notification::of_run(self.run_id, (self.began, took), summary, failures);
        if let Err(unsent) = intune_sync_reporter::report(&webhook, &notification, status) {
            let text = advice("warning", &unsent);
            // Where stderr cannot be written, nothing can be said about it either.
            let _ = stderr::get_stderr().blocking_write_and_flush(text.as_bytes());
        }
    }
}

/// The time of day.
fn now() -> Timestamp {
    let time = wall_clock::now();
    time_of_day(time.seconds, time.nanoseconds)
}
