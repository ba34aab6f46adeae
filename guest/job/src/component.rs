//! The component's own export.

use std::time::Duration;

use intune_sync_report::{
    self as report, Collector, ErrorObject, ExitStatus, Notification, Stop, Turn, by_variables,
    one_line, run_id, time_of_day,
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
    let fails = environment.given.fails_if_incomplete() && collector.is_incomplete();
    output.data(&collector.finish(now(), &summary));
    if let Some(ErrorObject(advice)) = ErrorObject::of(&summary) {
        output.error(&advice);
    }
    let status = ExitStatus::of(&summary, turn.stopped())
        .with_shortfall(fails)
        .with_nothing(&summary, environment.given.fails_if_none());
    if let Some(webhook) = webhook {
        let mut notification = Notification {
            run: run_id,
            started,
            duration: monotonic_clock::now().saturating_sub(began) / 1_000_000,
            summary: Some(summary),
            ..Notification::default()
        };
        notification.set_failures(collector.failures());
        let sent = intune_sync_reporter::report(
            webhook,
            &notification,
            status,
            None,
            wit::notify::send,
            |wait| monotonic_clock::subscribe_duration(nanoseconds(wait)).block(),
        );
        if let Err(advice) = sent {
            output.warning(&advice);
        }
    }
    match status {
        ExitStatus::Success => Ok(()),
        _ => Err(()),
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
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

    fn warning(&mut self, advice: &Advice) {
        self.say("warning", advice);
    }

    fn say(&mut self, kind: &str, Advice { message, hint }: &Advice) {
        let mut text = format!("{kind}: {}\n", one_line(message));
        if !hint.is_empty() {
            text += &format!("hint: {}\n", one_line(hint));
        }
        // Where stderr cannot be written, nothing can be said about it either.
        let _ = write(&self.stderr, &text);
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
