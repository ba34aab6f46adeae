//! The component's own export.

use std::time::Duration;

use intune_sync_report::{
    self as report, Collector, ErrorObject, ExitStatus, Notification, Stop, Turn, by_variables,
    run_id, time_of_day,
};
use intune_sync_settings::{Advice, Variables, seed};
use intune_sync_wit as wit;
use jiff::Timestamp;
use wasi::{
    cli::{environment, stderr, stdout},
    clocks::{monotonic_clock, wall_clock},
    exports::cli::run::Guest,
    io::streams::{OutputStream, StreamError},
};

use crate::{Asked, Format, Request, help};

struct Component;

wasi::cli::command::export!(Component);

impl Guest for Component {
    fn run() -> Result<(), ()> {
        let arguments = environment::get_arguments();
        let variables = Variables::new(environment::get_environment());
        // The first is the program's name.
        let arguments = arguments.get(1..).unwrap_or_default();
        let mut output = Output::new();
        match Asked::read(arguments, &variables) {
            Ok(Asked::Help) => output.data(&help()),
            Ok(Asked::Run(request)) => return run(&request, &mut output),
            Err(advice) => {
                output.error(&advice);
                return Err(());
            }
        }
        Ok(())
    }
}

fn run(request: &Request, output: &mut Output) -> Result<(), ()> {
    let Request {
        purpose,
        environment,
        format,
        webhook,
    } = request;
    let started = now();
    let seed = seed(started.as_nanosecond());
    let settings = environment.given.settings(
        *purpose,
        (environment.cloud, environment.graph.to_string()),
        u64::try_from(started.as_millisecond()).unwrap_or_default(),
        seed,
    );
    let engine = wit::Run::start(&settings).map_err(|error| {
        let message = format!(
            "the engine refuses its settings: `{}`: {}",
            error.setting, error.problem
        );
        output.error(&Advice::new(message, "report this as a bug"));
    })?;
    let format = match format {
        Format::Text => report::Format::Text,
        Format::Jsonl => report::Format::Jsonl,
    };
    let run_id = run_id(started, seed);
    let mut collector = Collector::new(format, *purpose, run_id.as_str());
    let mut turn = Turn::new(environment.given.deadline.map(Duration::from_millis));
    let began = monotonic_clock::now();
    loop {
        let elapsed = monotonic_clock::now().saturating_sub(began);
        let requested = output.is_unread().then_some(Stop::Unread);
        if turn
            .poll(Duration::from_nanos(elapsed), requested)
            .is_some()
        {
            engine.stop();
        }
        let Some(events) = engine.next(Turn::MAX_WAIT_MILLIS) else {
            break;
        };
        for event in &events {
            if let Some(line) = collector.handle_event(now(), event) {
                output.data(&line);
            }
        }
    }
    let summary = by_variables(engine.summary());
    output.data(&collector.finish(now(), &summary));
    if let Some(ErrorObject(advice)) = ErrorObject::of(&summary) {
        output.error(&advice);
    }
    let status = ExitStatus::of_run(
        &summary,
        turn.stopped(),
        &environment.given,
        collector.is_incomplete(),
    );
    if let Some(webhook) = webhook {
        let took = monotonic_clock::now().saturating_sub(began) / 1_000_000;
        let notification =
            Notification::of_run(run_id, (started, took), summary, collector.failures());
        if let Err(advice) = intune_sync_reporter::report(webhook, &notification, status) {
            output.say("warning", &advice);
        }
    }
    match status {
        ExitStatus::Success => Ok(()),
        _ => Err(()),
    }
}

/// The standard streams. What cannot be written any more is left out.
struct Output {
    stdout: OutputStream,
    stderr: OutputStream,
    unread: bool,
}

impl Output {
    fn new() -> Self {
        Self {
            stdout: stdout::get_stdout(),
            stderr: stderr::get_stderr(),
            unread: false,
        }
    }

    /// Nobody reads standard output any more.
    fn is_unread(&self) -> bool {
        self.unread
    }

    fn data(&mut self, text: &str) {
        if !self.unread && write(&self.stdout, text).is_err() {
            self.unread = true;
        }
    }

    fn error(&mut self, advice: &Advice) {
        self.say("error", advice);
    }

    fn say(&mut self, kind: &str, advice: &Advice) {
        // Where stderr cannot be written, nothing can be said about it either.
        let _ = write(&self.stderr, &report::advice(kind, advice));
    }
}

/// WASI takes 4 KiB at once.
fn write(stream: &OutputStream, text: &str) -> Result<(), StreamError> {
    text.as_bytes()
        .chunks(4096)
        .try_for_each(|part| stream.blocking_write_and_flush(part))
}

/// The time of day.
fn now() -> Timestamp {
    let time = wall_clock::now();
    time_of_day(time.seconds, time.nanoseconds)
}
