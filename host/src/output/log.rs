//! The log on stderr, in the runbook's shape, and what to do next.

use intune_sync_graph::{GraphError, Requested, Verdict, judge};
use intune_sync_report::{guid, retried, shortfall};
use intune_sync_settings::Advice;
use intune_sync_wit::{
    DeviceDone, Event, EventKind, Failure, GroupCount, Guid, Outcome, Plan, Purpose, RunStatus,
    Summary,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    cli::duration::{display, display_seconds},
    printer::{Level, Printer},
};

/// Writes most events as a line of the log.
#[derive(Default)]
pub(super) struct Log {
    /// A device has failed for a reason that may pass.
    may_pass: bool,
    throttled: Repeats,
    retrying: Repeats,
}

impl Log {
    pub(super) fn event(
        &mut self,
        printer: &mut Printer,
        now: Timestamp,
        purpose: Purpose,
        event: &Event,
    ) {
        let all = printer.is_verbose();
        let (level, text) = match &event.kind {
            EventKind::Planned(plan) => {
                for (level, text) in planned(purpose, plan) {
                    printer.log(now, level, &text);
                }
                return;
            }
            EventKind::Incomplete(incomplete) => (
                Level::Warning,
                format!(
                    "The list of devices is incomplete: {}",
                    shortfall(incomplete)
                ),
            ),
            EventKind::BatchStarted(batch) => (
                Level::Info,
                format!(
                    "Processing batch {} of {} (devices {} to {} of {})",
                    batch.number, batch.of, batch.first, batch.last, batch.total
                ),
            ),
            EventKind::DeviceDone(DeviceDone {
                id,
                name,
                attempts,
                outcome: Outcome::Failed(failure),
                ..
            }) => {
                self.may_pass |= failure.status.is_none_or(may_pass);
                let tried = match attempts {
                    0 | 1 => String::new(),
                    _ => format!(" after {attempts} attempts"),
                };
                let request = match failure.request_id.as_str() {
                    "" => String::new(),
                    id => format!(" (request-id {id})"),
                };
                let (device, message) = (device(name, *id), &failure.message);
                let response = response(failure.status, &failure.code);
                (
                    Level::Error,
                    format!("Sync of {device} failed{tried}: {response}: {message}{request}"),
                )
            }
            EventKind::Throttled(throttled) => {
                let Some(more) = self.throttled.due(now, all) else {
                    return;
                };
                let (status, wait) = (throttled.status, display(throttled.wait));
                (
                    Level::Warning,
                    match throttled.named {
                        true => format!("Throttled ({status}): Graph asks to wait {wait}{more}"),
                        false => format!("Throttled ({status}): waiting {wait}{more}"),
                    },
                )
            }
            EventKind::Retrying(retrying) => {
                let Some(more) = self.retrying.due(now, all) else {
                    return;
                };
                let what = match retrying.devices {
                    0 => format!("the {}", retried(retrying.what)),
                    devices => count(devices, "device"),
                };
                let wait = display(retrying.wait);
                let response = response(retrying.status, &retrying.code);
                (
                    Level::Warning,
                    format!("Retrying {what} in {wait}: {response}{more}"),
                )
            }
            EventKind::TokenRenewed => (
                Level::Info,
                "Renewed the token, since Graph refused the previous one".to_owned(),
            ),
            EventKind::Notice(message) => (Level::Warning, message.clone()),
            _ if !all => return,
            EventKind::Listed(listed) => {
                let (devices, pages) =
                    (count(listed.devices, "device"), count(listed.pages, "page"));
                (Level::Info, format!("Listed {devices} ({pages})"))
            }
            EventKind::BatchFinished(batch) => (
                Level::Info,
                format!("Finished batch {} of {}", batch.number, batch.of),
            ),
            EventKind::DeviceDone(done) => {
                let device = device(&done.name, done.id);
                let text = match &done.outcome {
                    Outcome::Skipped(reason) => format!("Skipped {device}: {reason}"),
                    Outcome::Gone => format!("{device} no longer exists"),
                    Outcome::Accepted | Outcome::Failed(_) => format!("Sync of {device} accepted"),
                };
                (Level::Info, text)
            }
        };
        printer.log(now, level, &text);
    }
}

/// The lines of a plan.
fn planned(purpose: Purpose, plan: &Plan) -> Vec<(Level, String)> {
    let found = format!("Found {}", count(plan.listed, "managed device"));
    let mut lines = vec![(Level::Info, found)];
    if plan.total == 0 {
        lines.push((Level::Warning, "No device matches the selection".to_owned()));
    } else if plan.total != plan.listed {
        let selected = count(plan.total, "device");
        lines.push((Level::Info, format!("Selected {selected}")));
    }
    if !plan.skipped.is_empty() {
        let skipped = plan.skipped.iter().map(|group| u64::from(group.devices));
        let (skipped, why) = (count(skipped.sum::<u64>(), "device"), groups(&plan.skipped));
        lines.push((
            Level::Info,
            format!("Skipping {skipped} that cannot sync: {why}"),
        ));
    }
    if purpose == Purpose::Sync && plan.to_sync > 0 {
        let (devices, batches) = (count(plan.to_sync, "device"), count(plan.batches, "batch"));
        let (expected, platforms) = (display_seconds(plan.expected), groups(&plan.platforms));
        lines.push((
            Level::Info,
            format!("Syncing {devices} in {batches}, expected to take {expected}: {platforms}"),
        ));
    }
    lines
}

/// Whether another attempt may succeed where Graph has returned this status.
fn may_pass(status: u16) -> bool {
    let verdict = judge(Requested::Single, status, &GraphError::default());
    matches!(verdict, Verdict::Throttled | Verdict::Transient)
}

/// Shows on stderr what went wrong with the run, and what to do next; nothing if all went well.
pub(super) fn conclude(log: &Log, printer: &mut Printer, summary: &Summary) {
    let Summary {
        total,
        error,
        pending,
        ..
    } = *summary;
    let not_reached = format!("{pending} of {} not reached", count(total, "device"));
    match &summary.status {
        RunStatus::Completed if error > 0 => printer.warning(&Advice::new(
            format!("{error} of {} failed", count(total, "device")),
            match log.may_pass {
                true => {
                    "run the command again to try them once more; `--output json` lists each with the request id that \
                     Microsoft's support asks for"
                }
                false => {
                    "another run would be refused in the same way: see their messages; `--output json` lists each with the \
                     request id that Microsoft's support asks for"
                }
            },
        )),
        RunStatus::Completed => {}
        RunStatus::Stopped if total == 0 => printer.warning(&Advice::new(
            "stopped before the list of devices was complete",
            "run the command again; nothing was sent",
        )),
        RunStatus::Stopped if pending > 0 => printer.warning(&Advice::new(
            not_reached,
            "run the command again; a second sync of a device does no harm",
        )),
        RunStatus::Stopped => {}
        RunStatus::Interrupted(problem)
        | RunStatus::NotAuthorized(problem)
        | RunStatus::Failed(problem) => {
            if pending > 0 {
                printer.warning(&Advice::without_hint(not_reached));
            }
            printer.error(&problem.clone().into());
        }
        RunStatus::Running => printer.error(&Advice::new(
            "the run ended without reporting how",
            "run the command again",
        )),
    }
}

/// Holds back frequent lines of one kind: one in 15 seconds is enough.
#[derive(Default)]
struct Repeats {
    last: Option<Timestamp>,
    held_back: u32,
}

impl Repeats {
    const EVERY: SignedDuration = SignedDuration::from_secs(15);

    /// Returns how the line ends, which counts those held back before it, if one is due now. With `all`, one always is.
    fn due(&mut self, now: Timestamp, all: bool) -> Option<String> {
        if !all
            && self
                .last
                .is_some_and(|last| now.duration_since(last) < Self::EVERY)
        {
            self.held_back += 1;
            return None;
        }
        self.last = Some(now);
        match std::mem::take(&mut self.held_back) {
            0 => Some(String::new()),
            held_back => Some(format!(" ({held_back} more like this since the last line)")),
        }
    }
}

/// `1 device`, `2 devices`, `3 batches`.
pub(super) fn count(number: impl Into<u64>, what: &str) -> String {
    let number: u64 = number.into();
    let plural = if what.ends_with("ch") { "es" } else { "s" };
    format!("{number} {what}{}", if number == 1 { "" } else { plural })
}

/// `Windows (700), iOS (300)`.
fn groups(groups: &[GroupCount]) -> String {
    let texts: Vec<String> = groups
        .iter()
        .map(|group| format!("{} ({})", group.label, group.devices))
        .collect();
    texts.join(", ")
}

fn device(name: &str, id: Guid) -> String {
    match name {
        "" => guid(id),
        _ => format!("{name} ({})", guid(id)),
    }
}

/// Why a device has failed: `PC-0042: 404 ResourceNotFound: …`.
pub(super) fn reason(done: &DeviceDone, failure: &Failure) -> String {
    let name = match done.name.as_str() {
        "" => guid(done.id),
        name => name.to_owned(),
    };
    let response = response(failure.status, &failure.code);
    format!("{name}: {response}: {}", failure.message)
}

/// The status and code of a response, as far as they are known: `503 serviceUnavailable`.
fn response(status: Option<u16>, code: &str) -> String {
    match (status, code) {
        (None, code) => code.to_owned(),
        (Some(status), "") => status.to_string(),
        (Some(status), code) => format!("{status} {code}"),
    }
}
