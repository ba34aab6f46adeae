//! The message about a run: how it went, in one sentence, and what somebody needs who was not there.

use intune_sync_settings::Advice;
use intune_sync_wit::{
    Summary,
    notify::{self, Counts, Format, Message, Tone},
};
use jiff::Timestamp;

use crate::{
    ExitStatus,
    object::{ErrorObject, FailedDevice, Outcome},
    text::cell,
};

/// How many of the devices that have failed are named.
const FAILURES: usize = 5;
/// The most characters of a sentence and of a command, of a name, of an error's code, and of its message. With these, a
/// message has less than the 28 KiB that Teams takes.
const SENTENCE: usize = 300;
const NAME: usize = 100;
const CODE: usize = 60;
const REASON: usize = 200;

/// What is known of a run, for the message about it. A text that is not known is empty.
#[derive(Debug, Clone, Default)]
pub struct Notification {
    /// The tenant.
    pub tenant: String,
    /// The identity that requests the syncs.
    pub identity: String,
    /// The machine on which it runs.
    pub machine: String,
    /// The run, by its id.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub duration: u64,
    /// Its counts, once it has begun.
    pub summary: Option<Summary>,
    /// The first devices that failed.
    pub failures: Vec<notify::FailedDevice>,
    /// The command that comes next.
    pub next: String,
}

impl Notification {
    /// These devices have failed. The first of them are named.
    pub fn set_failures(&mut self, failures: &[FailedDevice]) {
        self.failures = failures.iter().take(FAILURES).map(failed).collect();
    }

    /// The message about a run that ended with this exit status; `problem` is why it did not begin, if it did not.
    #[must_use]
    pub fn message(&self, format: Format, status: ExitStatus, problem: Option<&Advice>) -> Message {
        let summary = self.summary.as_ref();
        let of_summary = summary.and_then(ErrorObject::of);
        let problem = problem.or(of_summary.as_ref().map(|ErrorObject(advice)| advice));
        let sentence = |text: &str| cell(text, SENTENCE);
        Message {
            format,
            tone: tone(status),
            headline: sentence(&headline(status, summary, problem)),
            outcome: outcome(status, summary),
            exit_code: status.code(),
            tenant: cell(&self.tenant, NAME),
            identity: cell(&self.identity, NAME),
            host: cell(&self.machine, NAME),
            run: self.run.clone(),
            started_at: format!("{:.0}", self.started),
            duration: self.duration,
            counts: summary.map(counts),
            failures: self.failures.clone(),
            hint: problem.map_or_else(String::new, |problem| sentence(&problem.hint)),
            next: sentence(&self.next),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// A message that only shows that messages arrive.
    #[must_use]
    pub fn test(&self, format: Format) -> Message {
        Message {
            headline: "this is a test: messages about runs arrive here".to_owned(),
            outcome: "test".to_owned(),
            ..self.message(format, ExitStatus::Success, None)
        }
    }
}

fn failed(device: &FailedDevice) -> notify::FailedDevice {
    notify::FailedDevice {
        id: device.id.clone(),
        name: cell(&device.name, NAME),
        status: device.status,
        code: cell(&device.code, CODE),
        message: cell(&device.message, REASON),
        request_id: cell(&device.request_id, CODE),
    }
}

fn counts(summary: &Summary) -> Counts {
    Counts {
        total: summary.total,
        success: summary.success,
        error: summary.error,
        skipped: summary.skipped,
        gone: summary.gone,
        pending: summary.pending,
    }
}

/// The outcome in one sentence.
fn headline(status: ExitStatus, summary: Option<&Summary>, problem: Option<&Advice>) -> String {
    let what = match status {
        ExitStatus::Success | ExitStatus::DevicesFailed => {
            return match summary {
                Some(summary) if summary.error > 0 => {
                    format!("{} of {} failed", summary.error, devices(summary.total))
                }
                Some(summary) if status == ExitStatus::Success => requested(summary),
                _ => {
                    "the run has finished, but some devices are gone or were not listed".to_owned()
                }
            };
        }
        ExitStatus::NothingMatched => return "no device matched the selection".to_owned(),
        ExitStatus::Stopped => "the run stopped early",
        ExitStatus::Interrupted => "the run was interrupted",
        ExitStatus::NotAuthorized => "not authorized",
        ExitStatus::Failed => "the run failed",
        ExitStatus::Usage | ExitStatus::Busy => "the run did not begin",
    };
    let pending = summary.filter(|summary| summary.pending > 0);
    let pending = pending.map(|summary| {
        format!(
            ", with {} of {} pending",
            summary.pending,
            devices(summary.total)
        )
    });
    let why = problem.map(|problem| format!(": {}", problem.message));
    format!(
        "{what}{}{}",
        pending.unwrap_or_default(),
        why.unwrap_or_default()
    )
}

fn requested(summary: &Summary) -> String {
    match (summary.success, summary.total) {
        (_, 0) => "no device matched the selection".to_owned(),
        (success, total) if success == total => {
            format!("a sync was requested for {}", devices(total))
        }
        (success, total) => format!("a sync was requested for {success} of {}", devices(total)),
    }
}

/// `1 device`, `2 devices`.
fn devices(count: u32) -> String {
    match count {
        1 => "1 device".to_owned(),
        count => format!("{count} devices"),
    }
}

/// The outcome in one word, as in the JSON of a run.
fn outcome(status: ExitStatus, summary: Option<&Summary>) -> String {
    let outcome = match (summary, status) {
        (Some(summary), _) => Outcome::of(summary),
        (None, ExitStatus::Success) => Outcome::Completed,
        (None, ExitStatus::NotAuthorized) => Outcome::NotAuthorized,
        (None, ExitStatus::Stopped | ExitStatus::Interrupted) => Outcome::Stopped,
        (None, _) => Outcome::Failed,
    };
    let word = serde_json::to_value(outcome).unwrap_or_default();
    word.as_str().unwrap_or("failed").to_owned()
}

const fn tone(status: ExitStatus) -> Tone {
    match status {
        ExitStatus::Success => Tone::Good,
        ExitStatus::DevicesFailed
        | ExitStatus::Stopped
        | ExitStatus::NothingMatched
        | ExitStatus::Busy
        | ExitStatus::Interrupted => Tone::Warning,
        ExitStatus::Failed | ExitStatus::Usage | ExitStatus::NotAuthorized => Tone::Bad,
    }
}

#[cfg(test)]
mod tests {
    use intune_sync_wit::{Problem, RunStatus};

    use super::*;

    fn summary(success: u32, error: u32, pending: u32, status: RunStatus) -> Summary {
        Summary {
            total: success + error + pending,
            success,
            error,
            skipped: 0,
            gone: 0,
            pending,
            batches: 0,
            retries: 0,
            throttled: 0,
            requests: 0,
            duration: 0,
            status,
        }
    }

    #[test]
    fn the_outcome_is_one_sentence() {
        let problem = || Problem {
            message: "Graph asks to wait for 2 hours".to_owned(),
            hint: "resume it later".to_owned(),
        };
        for (status, summary, sentence, word) in [
            (
                ExitStatus::Success,
                Some(summary(1, 0, 0, RunStatus::Completed)),
                "a sync was requested for 1 device",
                "completed",
            ),
            (
                ExitStatus::Success,
                Some(summary(0, 0, 0, RunStatus::Completed)),
                "no device matched the selection",
                "completed",
            ),
            (
                ExitStatus::DevicesFailed,
                Some(summary(7, 3, 0, RunStatus::Completed)),
                "3 of 10 devices failed",
                "completed-with-errors",
            ),
            (
                ExitStatus::DevicesFailed,
                Some(summary(7, 0, 0, RunStatus::Completed)),
                "the run has finished, but some devices are gone or were not listed",
                "completed",
            ),
            (
                ExitStatus::Stopped,
                Some(summary(1, 0, 9, RunStatus::Interrupted(problem()))),
                "the run stopped early, with 9 of 10 devices pending: Graph asks to wait for 2 hours",
                "interrupted",
            ),
            (
                ExitStatus::Interrupted,
                Some(summary(1, 0, 9, RunStatus::Stopped)),
                "the run was interrupted, with 9 of 10 devices pending",
                "stopped",
            ),
            (
                ExitStatus::Interrupted,
                None,
                "the run was interrupted",
                "stopped",
            ),
        ] {
            let notification = Notification {
                summary,
                ..Notification::default()
            };
            let message = notification.message(Format::Json, status, None);
            assert_eq!(message.headline, sentence);
            assert_eq!(message.outcome, word, "{sentence}");
            assert_eq!(message.exit_code, status.code());
        }
    }

    #[test]
    fn a_run_that_did_not_begin_says_why() {
        let advice = Advice::new("the secret\nhas expired", "make a new one");
        let message = Notification::default().message(
            Format::Teams,
            ExitStatus::NotAuthorized,
            Some(&advice),
        );
        assert_eq!(message.headline, "not authorized: the secret has expired");
        assert_eq!(message.hint, "make a new one");
        assert_eq!((message.counts, message.tone), (None, Tone::Bad));
    }
}
