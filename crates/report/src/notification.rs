//! The message about a run: how it went, in one sentence, and what somebody needs who was not there.

use intune_sync_settings::Advice;
use intune_sync_wit::{
    Summary,
    notify::{self, Counts, Format, Message, Tone},
};
use jiff::Timestamp;

use crate::{
    ExitStatus,
    headline::{Figures, early, headline},
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
    /// What a component knows of a run that is over, and of which it has no more: neither the tenant nor the identity.
    #[must_use]
    pub fn of_run(
        run: String,
        (started, duration): (Timestamp, u64),
        summary: Summary,
        failures: &[FailedDevice],
    ) -> Self {
        let mut notification = Self {
            run,
            started,
            duration,
            summary: Some(summary),
            ..Self::default()
        };
        notification.set_failures(failures);
        notification
    }

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
        let shortened = |text: &str| cell(text, SENTENCE);
        Message {
            format,
            tone: tone(status),
            headline: shortened(&sentence(status, summary, problem)),
            outcome: summary
                .map_or_else(|| not_begun(status), Outcome::of)
                .word()
                .to_owned(),
            exit_code: status.code(),
            tenant: cell(&self.tenant, NAME),
            identity: cell(&self.identity, NAME),
            host: cell(&self.machine, NAME),
            run: self.run.clone(),
            started_at: format!("{:.0}", self.started),
            duration: self.duration,
            counts: summary.map(counts),
            failures: self.failures.clone(),
            hint: problem.map_or_else(String::new, |problem| shortened(&problem.hint)),
            next: shortened(&self.next),
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
fn sentence(status: ExitStatus, summary: Option<&Summary>, problem: Option<&Advice>) -> String {
    let why = problem.map_or("", |problem| &problem.message);
    match summary {
        Some(summary) => {
            let figures = Figures {
                total: summary.total.into(),
                success: summary.success.into(),
                error: summary.error.into(),
                gone: summary.gone.into(),
                pending: summary.pending.into(),
            };
            let sentence = headline(Outcome::of(summary), &figures, why);
            // What else a run that finished can lack.
            let unlisted = status == ExitStatus::DevicesFailed && summary.error + summary.gone == 0;
            match unlisted {
                true => format!("{sentence}; some devices were not listed"),
                false => sentence,
            }
        }
        None => match status {
            ExitStatus::Usage | ExitStatus::Busy => {
                early("the run did not begin", &Figures::default(), why)
            }
            status => headline(not_begun(status), &Figures::default(), why),
        },
    }
}

/// The outcome of a run that has no counts.
const fn not_begun(status: ExitStatus) -> Outcome {
    match status {
        ExitStatus::Success => Outcome::Completed,
        ExitStatus::NotAuthorized => Outcome::NotAuthorized,
        ExitStatus::Stopped | ExitStatus::Interrupted => Outcome::Stopped,
        _ => Outcome::Failed,
    }
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
                "the run finished, and a sync of 1 device was accepted",
                "completed",
            ),
            (
                ExitStatus::Success,
                Some(summary(0, 0, 0, RunStatus::Completed)),
                "the run finished, and its selection matched no device",
                "completed",
            ),
            (
                ExitStatus::DevicesFailed,
                Some(summary(7, 3, 0, RunStatus::Completed)),
                "the run finished, and the sync of 3 of 10 devices failed",
                "completed-with-errors",
            ),
            (
                ExitStatus::DevicesFailed,
                Some(summary(7, 0, 0, RunStatus::Completed)),
                "the run finished, and a sync of 7 devices was accepted; some devices were not listed",
                "completed",
            ),
            (
                ExitStatus::Stopped,
                Some(summary(1, 0, 9, RunStatus::Interrupted(problem()))),
                "the run gave up early: Graph asks to wait for 2 hours; 9 of 10 devices were not reached",
                "interrupted",
            ),
            (
                ExitStatus::Interrupted,
                Some(summary(1, 0, 9, RunStatus::Stopped)),
                "the run was stopped early; 9 of 10 devices were not reached",
                "stopped",
            ),
            (
                ExitStatus::Interrupted,
                None,
                "the run was stopped early",
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
        assert_eq!(
            message.headline,
            "the run was not authorized: the secret has expired"
        );
        assert_eq!(message.hint, "make a new one");
        assert_eq!((message.counts, message.tone), (None, Tone::Bad));
    }
}
