//! `rehearse`: how long a run will take, from running it against a simulated tenant on a virtual clock.

mod alternatives;
mod figures;
mod json;
mod progress;
mod scenario;
mod text;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use intune_sync_rehearsal::{self as rehearsal, Next, RehearsalError, Rehearsed};
use intune_sync_report::ExitStatus;
use intune_sync_sandbox::{REHEARSED_RUN, RUN, Sandbox};
use intune_sync_settings::{Advice, Given};
use intune_sync_wit::{Event, EventKind, RunStatus};
use jiff::Timestamp;
use tokio::runtime::Runtime;

use self::{figures::Figures, progress::Progress};
use super::{Failure, component, interruption::Interruption};
use crate::{
    cli::{RehearseOptions, ReportFormat, duration::display},
    output::ErrorObject,
    printer::Printer,
};

/// Rehearses a run and the alternatives to it.
///
/// # Errors
///
/// When the component cannot be run, or broke; when the run would take longer than is rehearsed.
pub(crate) fn run(
    options: &RehearseOptions,
    runtime: &Runtime,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let interruption = {
        let _within = runtime.enter();
        Interruption::listen()
    };
    component::note_execution(options.component.engine, printer);
    let sandbox = runtime.block_on(async {
        tokio::select! {
            biased;
            () = interruption.requested() => Ok(None),
            sandbox = component::load(&options.component) => sandbox.map(Some),
        }
    })?;
    let Some(sandbox) = sandbox else {
        return Ok(ExitStatus::Interrupted);
    };
    printer.note(&format!(
        "nothing leaves this machine: {} simulated devices, on a virtual clock",
        options.devices
    ));
    let failed = AtomicBool::new(false);
    let is_over = || interruption.was_requested() || failed.load(Ordering::Relaxed);
    let session = Session {
        options,
        sandbox: &sandbox,
        is_over: &is_over,
    };
    let (ended, others) = thread::scope(|scope| {
        let others = options
            .tries_alternatives()
            .then(|| scope.spawn(|| alternatives::others(&session)));
        let ended = the_run(&session, printer);
        if ended.is_err() {
            failed.store(true, Ordering::Relaxed);
        }
        let others = others.map(|others| {
            others
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        (ended, others)
    });
    if interruption.was_requested() {
        printer.note("interrupted: no run was rehearsed to its end");
        return Ok(ExitStatus::Interrupted);
    }
    let figures = ended?;
    let alternatives = others
        .map(|others| alternatives::table(options, &figures, others))
        .unwrap_or_default();
    printer.keep(|| json::report(options, &figures, &alternatives));
    printer.data(&match options.report.format {
        ReportFormat::Text => text::report(options, &figures, &alternatives),
        ReportFormat::Json => json::report(options, &figures, &alternatives),
    })?;
    Ok(conclude(&figures, printer))
}

/// What the rehearsals of one command have in common.
struct Session<'a> {
    options: &'a RehearseOptions,
    sandbox: &'a Sandbox,
    /// Whether nobody waits for the outcome any more.
    is_over: &'a (dyn Fn() -> bool + Sync),
}

impl Session<'_> {
    /// Rehearses a run at this pace; `events` receives its events.
    fn rehearse(
        &self,
        pace: &Given,
        devices: u32,
        events: &mut dyn FnMut(&[Event]),
    ) -> Result<Figures, Unfinished> {
        let scenario = scenario::of(self.options, pace, devices);
        let quota = scenario.tenant.quota.clone();
        let mut too_long = None;
        let mut turn = |new: &[Event]| {
            events(new);
            too_long = too_long.or_else(|| new.iter().find_map(expected_too_long));
            if too_long.is_some() || (self.is_over)() {
                Next::Abandon
            } else {
                Next::Continue
            }
        };
        let rehearsed = rehearsal::run(self.sandbox, scenario, &mut turn, None);
        match (rehearsed, too_long) {
            (_, Some(expected)) => Err(Unfinished::TooLong(expected)),
            (
                Ok(Rehearsed {
                    summary, tenant, ..
                }),
                None,
            ) => Ok(Figures::new(summary, tenant.statistics(), &quota)),
            (Err(error), None) => Err(Unfinished::Broke(error)),
        }
    }
}

/// Why a rehearsal has no figures.
enum Unfinished {
    /// The run would take this long.
    TooLong(u64),
    Broke(RehearsalError),
}

impl From<Unfinished> for Failure {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::TooLong(expected) => Self::usage(
                format!(
                    "this run is too long to rehearse: it takes {} or more, and {} are allowed",
                    display(expected),
                    display(millis(REHEARSED_RUN))
                ),
                "give fewer `--devices`, a higher `--max-rate`, a shorter `--batch-delay-seconds`, or `--pace quota`",
            ),
            Unfinished::Broke(RehearsalError::Sandbox(error)) => error.into(),
            Unfinished::Broke(error) => Self::failed(error.to_string(), "report this as a bug"),
        }
    }
}

/// How long the engine expects the run to take, if that is too long to rehearse.
fn expected_too_long(event: &Event) -> Option<u64> {
    match &event.kind {
        EventKind::Planned(plan) => {
            Some(plan.expected).filter(|expected| *expected > millis(REHEARSED_RUN))
        }
        _ => None,
    }
}

/// The run that the options name, with its progress shown.
fn the_run(session: &Session<'_>, printer: &mut Printer) -> Result<Figures, Unfinished> {
    let mut progress = Progress::default();
    let mut events = |new: &[Event]| progress.show(printer, Timestamp::now(), new);
    let ended = session.rehearse(
        &session.options.pace.given,
        session.options.devices,
        &mut events,
    );
    printer.end_progress();
    ended
}

/// Shows what to do about the outcome.
fn conclude(figures: &Figures, printer: &mut Printer) -> ExitStatus {
    let summary = &figures.summary;
    if let Some(ErrorObject(Advice { message, hint })) = ErrorObject::of(summary) {
        printer.error(&Advice::new(
            format!("the simulated run failed: {message}"),
            hint,
        ));
    }
    if figures.early_calls > 0 {
        printer.warning(&Advice::new(
            format!(
                "{} requests were sent before the wait that a response had named was over",
                figures.early_calls
            ),
            "report this as a bug, with the seed",
        ));
    }
    if summary.duration > millis(RUN) {
        printer.warning(&Advice::new(
            format!(
                "this run takes {}, and `sync` ends a run after {}",
                display(summary.duration),
                display(millis(RUN))
            ),
            "use `--pace quota`, or sync the fleet in parts",
        ));
    }
    match summary.status {
        RunStatus::Completed => ExitStatus::of(summary, None),
        _ => ExitStatus::Failed,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
