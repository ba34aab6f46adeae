//! The log on stderr, in the runbook's shape, and what to do next.

use intune_sync_report::{guid, retried};
use intune_sync_settings::Advice;
use intune_sync_wit::{
    DeviceDone, Event, EventKind, Failure, GroupCount, Outcome, Plan, Purpose, RunStatus, Summary,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    cli::duration::{display, display_seconds},
    printer::{Level, Printer},
};

/// Writes most events as a line of the log.
#[derive(Default)]
pub(super) struct Log {
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
        let mut log = |level: Level, text: String| printer.log(now, level, &text);
        match &event.kind {
            EventKind::Planned(plan) => planned(&mut log, purpose, plan),
            EventKind::BatchStarted(batch) => log(
                Level::Info,
                format!(
                    "Processing batch {} of {} (devices {} to {} of {})",
                    batch.number, batch.of, batch.first, batch.last, batch.total
                ),
            ),
            EventKind::DeviceDone(DeviceDone {
                id,
                name,
                attempts: tried,
                outcome: Outcome::Failed(failure),
            }) => {
                let Failure {
                    status,
                    code,
                    message,
                    request_id,
                    client_request_id: _,
                } = failure;
                let attempts = if *tried > 1 {
                    format!(" after {tried} attempts")
                } else {
                    String::new()
                };
                let request = if request_id.is_empty() {
                    String::new()
                } else {
                    format!(" (request-id {request_id})")
                };
                let device = device(name, &guid(*id));
                log(
                    Level::Error,
                    format!(
                        "Sync of {device} failed{attempts}: {}: {message}{request}",
                        response(*status, code)
                    ),
                );
            }
            EventKind::Throttled(throttled) => {
                let all = printer.is_verbose();
                if let Some(more) = self.throttled.due(now, all) {
                    let who = if throttled.named {
                        "Graph asks to wait"
                    } else {
                        "waiting"
                    };
                    let text = format!(
                        "Throttled ({}): {who} {}{more}",
                        throttled.status,
                        display(throttled.wait)
                    );
                    printer.log(now, Level::Warning, &text);
                }
            }
            EventKind::Retrying(retrying) => {
                let all = printer.is_verbose();
                if let Some(more) = self.retrying.due(now, all) {
                    let what = match retrying.devices {
                        0 => format!("the {}", retried(retrying.what)),
                        devices => count(devices, "device"),
                    };
                    let (response, wait) = (
                        response(retrying.status, &retrying.code),
                        display(retrying.wait),
                    );
                    printer.log(
                        now,
                        Level::Warning,
                        &format!("Retrying {what} in {wait}: {response}{more}"),
                    );
                }
            }
            EventKind::TokenRenewed => log(
                Level::Info,
                "Renewed the token, since Graph refused the previous one".to_owned(),
            ),
            EventKind::Notice(text) => log(Level::Info, text.clone()),
            EventKind::Listed(_) | EventKind::BatchFinished(_) | EventKind::DeviceDone(_)
                if !printer.is_verbose() => {}
            EventKind::Listed(listed) => {
                let text = format!(
                    "Listed {} ({})",
                    count(listed.devices, "device"),
                    count(listed.pages, "page")
                );
                printer.log(now, Level::Info, &text);
            }
            EventKind::BatchFinished(batch) => {
                printer.log(
                    now,
                    Level::Info,
                    &format!("Finished batch {} of {}", batch.number, batch.of),
                );
            }
            EventKind::DeviceDone(DeviceDone {
                id, name, outcome, ..
            }) => {
                let device = device(name, &guid(*id));
                let text = match outcome {
                    Outcome::Skipped(reason) => format!("Skipped {device}: {reason}"),
                    Outcome::Gone => format!("{device} no longer exists"),
                    Outcome::Accepted | Outcome::Failed(_) => format!("Sync of {device} accepted"),
                };
                printer.log(now, Level::Info, &text);
            }
        }
    }
}

fn planned(log: &mut impl FnMut(Level, String), purpose: Purpose, plan: &Plan) {
    log(
        Level::Info,
        format!("Found {}", count(plan.listed, "managed device")),
    );
    if plan.total == 0 {
        log(Level::Warning, "No device matches the selection".to_owned());
    } else if plan.total != plan.listed {
        log(
            Level::Info,
            format!("Selected {}", count(plan.total, "device")),
        );
    }
    if !plan.skipped.is_empty() {
        let skipped = plan.skipped.iter().map(|group| group.devices).sum();
        log(
            Level::Info,
            format!(
                "Skipping {} that cannot sync: {}",
                count(skipped, "device"),
                groups(&plan.skipped)
            ),
        );
    }
    if purpose == Purpose::Sync && plan.to_sync > 0 {
        let (devices, batches) = (count(plan.to_sync, "device"), count(plan.batches, "batch"));
        let (expected, platforms) = (display_seconds(plan.expected), groups(&plan.platforms));
        log(
            Level::Info,
            format!("Syncing {devices} in {batches}, expected to take {expected}: {platforms}"),
        );
    }
}

/// Shows on stderr what went wrong with the run, and what to do next; nothing if all went well.
pub(super) fn conclude(printer: &mut Printer, summary: &Summary) {
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
            "run the command again to try them once more; `--output json` lists each with the request id that \
             Microsoft's support asks for",
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
pub(super) fn count(number: u32, what: &str) -> String {
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

fn device(name: &str, id: &str) -> String {
    if name.is_empty() {
        id.to_owned()
    } else {
        format!("{name} ({id})")
    }
}

/// The status and code of a response, as far as they are known: `503 serviceUnavailable`.
fn response(status: Option<u16>, code: &str) -> String {
    let status = status.map(|status| status.to_string());
    let parts: Vec<&str> = status
        .as_deref()
        .into_iter()
        .chain([code])
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" ")
}
