//! The component's own export.

use intune_sync_report::{self as report, Lines, Outcome, one_line, run_id};
use intune_sync_settings::{Advice, Variables, seed};
use intune_sync_wit::{self as wit, Event, EventKind, Plan, Purpose, RunStatus};
use jiff::Timestamp;
use wasi::{
    cli::{environment, stderr, stdout},
    clocks::{monotonic_clock, wall_clock},
    exports::cli::run::Guest,
    io::streams::{OutputStream, StreamError},
};

use crate::{Asked, Format, HELP, Request};

/// How long the engine works before it comes back, in milliseconds, so that a deadline is met.
const TURN: u64 = 250;
/// Failures that the summary for people lists, as in the program.
const FAILURES_SHOWN: usize = 20;

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
            Ok(Asked::Help) => output.data(HELP),
            Ok(Asked::Run(request)) => return run(&request, &mut output),
            Err(problem) => {
                output.problem("error", &problem);
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
            "the engine does not take its settings: `{}`: {}",
            error.setting, error.problem
        );
        output.problem("error", &Advice::new(message, "report it as a bug"));
    })?;
    let deadline = environment
        .given
        .deadline
        .map(|millis| monotonic_clock::now().saturating_add(millis.saturating_mul(1_000_000)));
    let mut told = Told::new(*format, *purpose, run_id(started, seed));
    let mut stopped = false;
    loop {
        let over = deadline.is_some_and(|deadline| monotonic_clock::now() >= deadline);
        if !stopped && (over || output.is_unread()) {
            engine.stop();
            stopped = true;
        }
        let Some(events) = engine.next(TURN) else {
            break;
        };
        for event in &events {
            told.event(event, output);
        }
    }
    let summary = engine.summary();
    told.last(&summary, output);
    match Outcome::of(&summary) {
        Outcome::Completed => Ok(()),
        _ => Err(()),
    }
}

/// What is told of a run on standard output.
enum Told {
    Text {
        purpose: Purpose,
        plan: Option<Plan>,
        failures: Vec<report::FailedDevice>,
    },
    Jsonl(Lines),
}

impl Told {
    fn new(format: Format, purpose: Purpose, run_id: String) -> Self {
        match format {
            Format::Text => Self::Text {
                purpose,
                plan: None,
                failures: Vec::new(),
            },
            Format::Jsonl => Self::Jsonl(Lines::new(purpose, run_id)),
        }
    }

    fn event(&mut self, event: &Event, output: &mut Output) {
        match self {
            Self::Jsonl(lines) => output.data(&lines.event(now(), event)),
            Self::Text { plan, failures, .. } => match &event.kind {
                EventKind::Planned(planned) => *plan = Some(planned.clone()),
                EventKind::DeviceDone(device) => {
                    if let wit::Outcome::Failed(failure) = &device.outcome
                        && failures.len() < FAILURES_SHOWN
                    {
                        failures.push(report::FailedDevice::new(device, failure));
                    }
                }
                _ => {}
            },
        }
    }

    fn last(self, summary: &wit::Summary, output: &mut Output) {
        match self {
            Self::Jsonl(lines) => output.data(&lines.last(now(), summary)),
            Self::Text {
                purpose: Purpose::Sync,
                failures,
                ..
            } => output.data(&report::sync(summary, &failures)),
            Self::Text { plan, .. } => {
                output.data(&plan.as_ref().map(report::plan).unwrap_or_default());
            }
        }
        if let RunStatus::Interrupted(problem)
        | RunStatus::NotAuthorized(problem)
        | RunStatus::Failed(problem) = &summary.status
        {
            output.problem(
                "error",
                &Advice::new(problem.message.clone(), problem.hint.clone()),
            );
        }
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

    fn problem(&mut self, what: &str, problem: &Advice) {
        let mut text = format!("{what}: {}\n", one_line(&problem.message));
        if !problem.hint.is_empty() {
            text += &format!("hint: {}\n", one_line(&problem.hint));
        }
        // There is no other place to say it.
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
    let seconds = i64::try_from(time.seconds).unwrap_or(i64::MAX);
    let nanoseconds = i32::try_from(time.nanoseconds).unwrap_or_default();
    Timestamp::new(seconds, nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
