//! A run under way: turn after turn, until it is over.

use std::{collections::BTreeSet, panic::AssertUnwindSafe};

use futures::FutureExt;
use intune_sync_ids::Guid;
use intune_sync_report::{ExitStatus, PlannedDevice, Stop, Turn};
use intune_sync_sandbox::{Run, SandboxError, TakenDevice};
use intune_sync_settings::{Advice, Given};
use intune_sync_wit::{EventKind, Outcome, Problem, RunStatus, Summary};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    Failure,
    conclusion::{Concluded, nothing_done},
    history::Record,
    interruption::Interruption,
    names::Names,
    question::{Now, Question},
    sync::passed,
};
use crate::{cli::JobOptions, last_resort, output::Output, printer::Printer};

/// Why a run breaks off when the program has panicked, whichever thread it was.
const OWN_CHECK: &str = "the program failed at a check of its own";

/// A run under way.
pub(super) struct Job<'a> {
    pub(super) options: &'a JobOptions,
    pub(super) run: Run,
    pub(super) interruption: Interruption,
    /// When the program was.
    pub(super) started: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) turn: Turn,
    pub(super) question: Question,
    /// The user said no.
    pub(super) declined: bool,
    /// Names of devices that are yet to be checked.
    pub(super) names: Option<Names>,
    /// What is wrong with them.
    pub(super) misnamed: Option<Advice>,
    /// Devices that the user has named by their ids, each of which must be there.
    pub(super) named: BTreeSet<Guid>,
    /// Of these, how many are gone.
    pub(super) named_gone: u32,
    /// The counts after the last turn.
    pub(super) summary: Option<Summary>,
    pub(super) record: Option<Record>,
    /// The history can no longer be written.
    pub(super) unrecorded: bool,
}

/// Whether the run goes on.
enum Next {
    Turn,
    End,
}

impl Job<'_> {
    /// Takes turns until the run is over.
    ///
    /// # Errors
    ///
    /// When stdout cannot be written.
    pub(super) async fn run(
        mut self,
        output: &mut Output,
        printer: &mut Printer,
    ) -> Result<Concluded, Failure> {
        let broke = loop {
            // Whatever breaks, what was done is reported.
            let turn = AssertUnwindSafe(self.turn(output, printer)).catch_unwind();
            let turn = tokio::select! {
                turn = turn => turn,
                () = last_resort::broke_elsewhere() => break Some(OWN_CHECK.to_owned()),
            };
            match turn {
                Ok(Ok(Next::Turn)) => {}
                Ok(Ok(Next::End)) => break None,
                Ok(Err(TurnError::Sandbox(error))) => break Some(error.to_string()),
                Ok(Err(TurnError::Output(error))) => return Err(error.into()),
                Err(_) => break Some(OWN_CHECK.to_owned()),
            }
        };
        let mut summary = match self.conclusion(broke).await {
            Ok(summary) => summary,
            Err(message) => self.broken_off(message, output, printer)?,
        };
        let misnamed = self.misnamed.take();
        let is_misnamed = misnamed.is_some();
        if let Some(problem) = misnamed {
            summary = Summary {
                requests: summary.requests,
                duration: summary.duration,
                ..nothing_done(RunStatus::Failed(problem.into()))
            };
        }
        let fails = self.options.given.fails_if_incomplete() && output.is_incomplete();
        if let Some(warning) = unknown_ids(&self.options.given, &summary) {
            printer.warning(&warning);
        }
        let now = Timestamp::now();
        if let Some(record) = &self.record {
            summary = record.whole(summary);
            if let Some(evidence) = record.end(&summary, now, printer) {
                output.set_evidence(evidence.to_string());
            }
        }
        let devices = self.options.list.map(|_| {
            let devices = self.run.egress().take_details();
            devices.into_iter().map(planned).collect()
        });
        let none_fails = self.options.given.fails_if_none();
        let declined = self.declined;
        let status = match is_misnamed {
            true => ExitStatus::Usage,
            false => ExitStatus::of(&summary, self.turn.stopped())
                .with_shortfall(fails)
                .with_named_gone(self.named_gone)
                .with_nothing(&summary, none_fails),
        };
        Ok(Concluded {
            summary,
            status,
            declined,
            devices,
            record: self.record,
        })
    }

    async fn turn(
        &mut self,
        output: &mut Output,
        printer: &mut Printer,
    ) -> Result<Next, TurnError> {
        let requested = self.requested(printer);
        if let Some(stop) = self.turn.poll(self.started.elapsed(), requested) {
            match stop {
                Stop::Interrupted => printer.note(
                    "stopping: what is in flight is finished; press Ctrl-C again to end at once",
                ),
                Stop::Deadline => printer.note("stopping: the time given by `--deadline` is over"),
                Stop::Unrecorded => printer.note("stopping: the history can no longer be written"),
                Stop::Declined | Stop::Misnamed | Stop::Unread => {}
            }
            self.run.stop().await?;
        }
        let Some(events) = self.run.next(Turn::MAX_WAIT).await? else {
            return Ok(Next::End);
        };
        self.check_names(printer);
        if self.misnamed.is_some() {
            // Nothing of this plan comes true, and the history is not to take it for one.
            return Ok(Next::Turn);
        }
        for event in &events {
            let now = Timestamp::now();
            output.event(printer, now, event)?;
            if let Some(record) = &mut self.record {
                if let EventKind::Planned(_) = &event.kind {
                    record.select(&mut self.run, now).await?;
                }
                record.event(now, event);
            }
            match &event.kind {
                EventKind::Planned(plan) => self.question.plan(plan),
                EventKind::DeviceDone(device) if device.outcome == Outcome::Gone => {
                    let id = Guid::from_halves(device.id.hi, device.id.lo);
                    self.named_gone += u32::from(self.named.contains(&id));
                }
                _ => {}
            }
        }
        self.ask(output, printer).await?;
        output.tick(printer, Timestamp::now());
        let summary = self.run.summary().await?;
        if let Some(record) = &mut self.record {
            self.unrecorded |= !record.progress(&mut self.run, &summary).await?;
        }
        self.summary = Some(summary);
        Ok(Next::Turn)
    }

    /// Why the run should stop, its deadline apart.
    fn requested(&self, printer: &Printer) -> Option<Stop> {
        if self.interruption.was_requested() {
            Some(Stop::Interrupted)
        } else if self.declined {
            Some(Stop::Declined)
        } else if self.misnamed.is_some() {
            Some(Stop::Misnamed)
        } else if self.unrecorded {
            Some(Stop::Unrecorded)
        } else {
            printer.stdout_closed().then_some(Stop::Unread)
        }
    }

    /// Checks the names of devices once the list is complete; until then no write leaves.
    fn check_names(&mut self, printer: &mut Printer) {
        let Some(names) = &self.names else { return };
        let Some(found) = self.run.egress().names_found() else {
            return;
        };
        if let Err(problem) = names.check(&found, printer) {
            self.run.egress().stop_writes();
            self.misnamed = Some(problem);
        }
        self.names = None;
    }

    /// Asks a person at a terminal, if there is a question. Where the run has to stop meanwhile, there is no reply.
    async fn ask(
        &mut self,
        output: &mut Output,
        printer: &mut Printer,
    ) -> Result<(), std::io::Error> {
        if self.turn.stopped().is_some() || self.names.is_some() || self.misnamed.is_some() {
            return Ok(());
        }
        let question = match self.question.now(self.run.egress().writes_wait()) {
            Now::Wait => return Ok(()),
            Now::Permit => {
                self.run.egress().permit_writes();
                return Ok(());
            }
            Now::Ask(question) => question,
        };
        let over = async {
            tokio::select! {
                () = self.interruption.requested() => {}
                () = passed(self.deadline) => {}
            }
        };
        let replies = std::io::BufReader::new(std::io::stdin());
        let since = Timestamp::now();
        let reply = printer.ask(&question, replies, over).await?;
        output.waited(since, Timestamp::now());
        match reply {
            Some(true) => self.run.egress().permit_writes(),
            Some(false) => {
                self.run.egress().stop_writes();
                self.declined = true;
            }
            None => {}
        }
        Ok(())
    }

    /// The final summary; `broke` is why the sandbox ended the run, if it did.
    ///
    /// # Errors
    ///
    /// Why the component gives none that is true.
    async fn conclusion(&mut self, broke: Option<String>) -> Result<Summary, String> {
        // An instance that trapped cannot be called again.
        if let Some(error) = broke {
            return Err(error);
        }
        let summary = self.run.summary().await;
        let mut summary = summary.map_err(|error| error.to_string())?;
        if let RunStatus::NotAuthorized(problem) = &mut summary.status
            && let Some(hint) = self.run.egress().token_hint()
        {
            problem.hint = hint;
        }
        Ok(summary)
    }

    /// The final summary of a run that the sandbox ended: what the host's books say was done.
    fn broken_off(
        &mut self,
        message: String,
        output: &mut Output,
        printer: &mut Printer,
    ) -> Result<Summary, std::io::Error> {
        for event in self.run.settle() {
            let now = Timestamp::now();
            output.event(printer, now, &event)?;
            if let Some(record) = &mut self.record {
                record.event(now, &event);
            }
        }
        let last = self
            .summary
            .take()
            .unwrap_or_else(|| nothing_done(RunStatus::Running));
        Ok(Summary {
            status: RunStatus::Failed(Problem {
                message,
                hint: "syncs requested so far remain; run it again for the rest, without `--component`, and report a bug \
                       if it fails again"
                    .to_owned(),
            }),
            ..self.run.counted(last)
        })
    }
}

/// A device that a plan takes, as it is shown.
fn planned(device: TakenDevice) -> PlannedDevice {
    let last_sync = Timestamp::from_second(device.last_sync.into()).ok();
    PlannedDevice {
        id: device.id.to_string(),
        name: device.name,
        serial_number: device.serial_number,
        user_principal_name: device.user,
        operating_system: device.os,
        last_sync_date_time: last_sync
            .filter(|_| device.last_sync > 0)
            .map(|time| time.to_string()),
        skipped: device.skipped,
    }
}

/// Ids of which none is a device's may be of another kind.
fn unknown_ids(given: &Given, summary: &Summary) -> Option<Advice> {
    let all_gone = summary.gone > 0 && summary.gone == summary.total;
    (all_gone && !given.device.is_empty()).then(|| {
        Advice::new(
            format!("Intune knows none of these {} ids: they may be Entra ID's", summary.gone),
            "give Intune's own device ids, from the column `Id` or `Device ID`, not `azureADDeviceId`",
        )
    })
}

/// Why a turn failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum TurnError {
    Sandbox(#[from] SandboxError),
    Output(#[from] std::io::Error),
}
