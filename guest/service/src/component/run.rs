//! A run of the engine, and its events on their way to the caller.

use intune_sync_report::{Lines, run_id};
use intune_sync_settings::{Environment, Given, seed};
use intune_sync_wit::{self as wit, Purpose};
use jiff::Timestamp;
use wasi::{
    clocks::{monotonic_clock, wall_clock},
    http::types::ResponseOutparam,
};

use super::{answer, sink::Sink};
use crate::Refusal;

/// How long the engine works before it comes back, in milliseconds, so that a caller that went away is noticed.
const TURN: u64 = 250;

/// A run that has been started and has sent nothing yet.
pub(super) struct Run {
    engine: wit::Run,
    lines: Lines,
    /// When nothing new is started any more, on the monotonic clock.
    deadline: Option<u64>,
}

impl Run {
    /// # Errors
    ///
    /// 500 when the engine does not take the settings, which are all within their ranges.
    pub(super) fn start(
        given: &Given,
        operator: &Environment,
        purpose: Purpose,
    ) -> Result<Self, Refusal> {
        let started = now();
        let seed = seed(started.as_nanosecond());
        let settings = given.settings(
            purpose,
            (operator.cloud, operator.graph.to_string()),
            u64::try_from(started.as_millisecond()).unwrap_or_default(),
            seed,
        );
        let engine = wit::Run::start(&settings).map_err(|error| {
            Refusal::new(
                500,
                format!(
                    "the engine does not take its settings: `{}`: {}",
                    error.setting, error.problem
                ),
                "report it as a bug",
            )
        })?;
        let deadline = given
            .deadline
            .map(|millis| monotonic_clock::now().saturating_add(millis.saturating_mul(1_000_000)));
        Ok(Self {
            engine,
            lines: Lines::new(purpose, run_id(started, seed)),
            deadline,
        })
    }

    /// Runs, and streams what happens. When nobody reads it any more, what is in flight is finished and nothing new
    /// started.
    pub(super) fn answer(mut self, out: ResponseOutparam) {
        let mut sink = Sink::new(answer::begin(out, 200, "application/x-ndjson", None));
        let mut stopped = false;
        loop {
            let over = self
                .deadline
                .is_some_and(|deadline| monotonic_clock::now() >= deadline);
            if !stopped && (over || !sink.is_open()) {
                self.engine.stop();
                stopped = true;
            }
            let Some(events) = self.engine.next(TURN) else {
                break;
            };
            for event in &events {
                let line = self.lines.event(now(), event);
                sink.push(&line);
            }
            sink.write();
        }
        let line = self.lines.last(now(), &self.engine.summary());
        sink.push(&line);
        sink.finish();
    }
}

/// The time of day.
fn now() -> Timestamp {
    let time = wall_clock::now();
    let seconds = i64::try_from(time.seconds).unwrap_or(i64::MAX);
    let nanoseconds = i32::try_from(time.nanoseconds).unwrap_or_default();
    Timestamp::new(seconds, nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
