//! Records a run in the history as it goes, and goes on with an earlier one.

mod commands;
mod header;

use std::{
    fmt::Write,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use intune_sync_egress::TokenCache;
use intune_sync_history::{
    DeviceFilter, DeviceOutcome, Earlier, Error, Evidence, Held, History, Lock, Problem, Recorder,
    Selected, StateDir,
};
use intune_sync_ids::Guid;
use intune_sync_report::{ExitStatus, FailedDevice};
use intune_sync_sandbox::{Journal, Run, SandboxError};
use intune_sync_settings::Advice;
use intune_sync_wit::{
    self as wit, DeviceDone, Event, EventKind, Failure as DeviceFailure, Learned, Summary,
};
use jiff::Timestamp;

use self::header::header;
pub(super) use self::{
    commands::{command, resume_command},
    header::{selection, subject},
};
use super::{
    Failure,
    confirm::Awaited,
    earlier::{earlier, no_such_run, same_job},
    report::{Files, Reports},
    requests::Requests,
};
use crate::{
    cli::{HistoryOptions, JobOptions, Resume},
    output::Ending,
    printer::Printer,
};

/// A run that is being recorded.
pub(super) struct Record {
    recorder: Recorder,
    place: StateDir,
    /// The history is gone after the run.
    is_temporary: bool,
    id: String,
    earlier: Option<Earlier>,
    /// Which devices is not in the flags.
    inherits_selection: bool,
    /// What is written of it at its end.
    files: Files,
    /// When the counts were handed in last.
    counted: Option<Instant>,
    _lock: Lock,
}

/// The history that a run is going to write itself into.
pub(super) struct Opened<'a> {
    options: &'a HistoryOptions,
    place: StateDir,
    history: History,
    files: Files,
}

impl<'a> Opened<'a> {
    /// Opens it: that it can be written, and so can what is to be written of the run, is known when this returns.
    ///
    /// # Errors
    ///
    /// When it cannot be used, or one of the files not be written.
    pub(super) fn open(options: &'a HistoryOptions) -> Result<Self, Failure> {
        let files = Files::prepare(&options.reports)?;
        let place = place(options.state_dir.as_ref())?;
        let history = History::open(&place).map_err(unusable)?;
        history.check().map_err(unusable)?;
        Ok(Self {
            options,
            place,
            history,
            files,
        })
    }

    /// What is written of this run, which is in the history already.
    pub(super) fn reports_of(&self, run: &str) -> Reports {
        Reports::of(self.place.clone(), run, self.files.clone(), false)
    }

    /// The run of which only the check-ins are wanted, if this command is not to sync.
    ///
    /// # Errors
    ///
    /// When there is no such run, or it was of another tenant or identity.
    pub(super) fn awaited(
        &self,
        job: &JobOptions,
        tokens: &TokenCache,
    ) -> Result<Option<Awaited>, Failure> {
        let (run, at_once) = match &self.options.resume {
            Resume::No | Resume::Latest => return Ok(None),
            Resume::Run(run) => (run, false),
            Resume::Confirm(run) => (run, true),
        };
        let last = self.history.to_resume(run).map_err(no_such_run)?.run;
        if !at_once && !last.awaits_confirmation() {
            return Ok(None);
        }
        let difference = subject(job, tokens).difference(&last.subject);
        same_job(run, &self.place, difference)?;
        Ok(Some(Awaited {
            place: self.place.clone(),
            command: resume_command(&self.place, &last.id),
            at: last.confirm_at.filter(|_| !at_once),
            failed: last.totals.error,
            run: last.id,
        }))
    }
}

/// The history in this directory, or in the system's.
///
/// # Errors
///
/// When the system has none.
pub(super) fn place(state_dir: Option<&PathBuf>) -> Result<StateDir, Failure> {
    match state_dir {
        Some(path) => Ok(StateDir::at(path)),
        None => StateDir::of_system(|name| std::env::var_os(name)).map_err(unusable),
    }
}

/// The history that is there already.
///
/// # Errors
///
/// When there is none, or it cannot be used.
pub(super) fn existing(state_dir: Option<&PathBuf>) -> Result<(StateDir, History), Failure> {
    let place = place(state_dir)?;
    match History::open_existing(&place).map_err(unusable)? {
        Some(history) => Ok((place, history)),
        None => Err(Failure::usage(
            format!("there is no history at `{}` yet", place.file().display()),
            "`sync` writes one; `--state-dir` names another directory",
        )),
    }
}

/// A name that no run has is wrong usage.
pub(super) fn failure(error: Error) -> Failure {
    match error.problem {
        Problem::NoSuchRun(_) => Failure::new(ExitStatus::Usage, error),
        _ => unusable(error),
    }
}

/// The history cannot be used.
pub(super) fn unusable(error: Error) -> Failure {
    Failure::new(ExitStatus::Failed, error)
}

impl Record {
    /// Begins to record a run of the component with this digest. What it resumes is known then, and no other run of the
    /// tenant and identity starts until it ends.
    ///
    /// # Errors
    ///
    /// When another one goes on, there is no such run to resume, or the history cannot be written.
    pub(super) fn begin(
        Opened {
            options,
            place,
            history,
            files,
        }: Opened<'_>,
        job: &JobOptions,
        component_sha256: &[u8],
        tokens: &TokenCache,
        id: &str,
        started: Timestamp,
        printer: &mut Printer,
    ) -> Result<Self, Failure> {
        let mut header = header(job, options, component_sha256, tokens, (id, started));
        let lock =
            match Lock::take(&place, &header.subject, &header.started_at).map_err(unusable)? {
                Held::Here(lock) => lock,
                Held::Elsewhere(holder) => {
                    let advice = Advice::new(
                        format!("another run of this tenant and identity goes on: {holder}"),
                        "wait until it has ended, or stop it",
                    );
                    return Err(Failure::new(ExitStatus::Busy, advice));
                }
            };
        let earlier = earlier(&history, &place, options, &header, printer)?;
        if let Some(Earlier { run, totals }) = &earlier {
            if options.inherits_selection {
                header.selection.clone_from(&run.selection);
            }
            printer.note(&format!(
                "going on with run `{}` of {}: {} of {} devices are done",
                run.id,
                run.started_at,
                totals.total - totals.pending,
                totals.total
            ));
        }
        let recorder = Recorder::begin(history, &header, earlier.as_ref()).map_err(unusable)?;
        Ok(Self {
            recorder,
            place,
            is_temporary: options.is_temporary,
            id: id.to_owned(),
            earlier,
            inherits_selection: options.inherits_selection,
            files,
            counted: None,
            _lock: lock,
        })
    }

    /// Where its requests are recorded.
    pub(super) fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(Requests::of(self.recorder.clone()))
    }

    /// The earlier run, and the devices that have failed in it.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub(super) fn resumed(&self) -> Result<Option<(String, Vec<FailedDevice>)>, Failure> {
        let Some(earlier) = &self.earlier else {
            return Ok(None);
        };
        let history = History::open(&self.place).map_err(unusable)?;
        let mut failures = Vec::new();
        let only = DeviceFilter::Only(DeviceOutcome::Failed);
        let read = history.devices(&earlier.run.id, only, |device| {
            failures.extend(failed_device(device));
            Ok::<(), Error>(())
        });
        read.map_err(unusable)?;
        Ok(Some((earlier.run.id.clone(), failures)))
    }

    /// Of a run that takes a limited number of devices, how many are left for this part.
    pub(super) fn limit(&self, limit: Option<u32>) -> Option<u32> {
        let earlier = self.earlier.as_ref().map(|earlier| earlier.totals);
        match earlier {
            // Where the list was complete, the limit is in the counts.
            Some(totals) if totals.pending > 0 => {
                limit.map(|limit| limit.min(u32::try_from(totals.pending).unwrap_or(u32::MAX)))
            }
            Some(_) | None => limit,
        }
    }

    /// The devices that are left, where the earlier part knew them all: they are the next part, whatever they have
    /// become since. `None` where they are to be selected.
    ///
    /// # Errors
    ///
    /// When the history cannot be read, or no longer knows which devices, and no flag says so either: without any, it
    /// would be the whole fleet.
    pub(super) fn rest(&self) -> Result<Option<Vec<Guid>>, Failure> {
        let Some(earlier) = &self.earlier else {
            return Ok(None);
        };
        let history = History::open(&self.place).map_err(unusable)?;
        match history.pending(earlier).map_err(unusable)? {
            None if self.inherits_selection => Err(Failure::usage(
                format!("run `{}` has changed meanwhile", earlier.run.id),
                "nothing was sent; run the command again",
            )),
            rest => Ok(rest),
        }
    }

    /// Takes the devices that are done out of the run.
    ///
    /// # Errors
    ///
    /// When the history cannot be read, or the component fails.
    pub(super) async fn skip(&self, run: &mut Run) -> Result<(), Failure> {
        let Some(earlier) = &self.earlier else {
            return Ok(());
        };
        let mut parts = Vec::new();
        {
            let history = History::open(&self.place).map_err(unusable)?;
            let read = history.settled(earlier, |part| {
                let ids = part.into_iter().map(|id| {
                    let (hi, lo) = id.halves();
                    wit::Guid { hi, lo }
                });
                parts.push(ids.collect::<Vec<_>>());
                Ok::<(), Error>(())
            });
            read.map_err(unusable)?;
        }
        for part in parts {
            run.skip(&part).await?;
        }
        Ok(())
    }

    /// Records an event.
    pub(super) fn event(&mut self, now: Timestamp, event: &Event) {
        let at = now.as_millisecond();
        match &event.kind {
            EventKind::DeviceDone(device) => self.recorder.done(device.clone(), at),
            EventKind::Throttled(throttled) => self.recorder.waits(at, throttled.wait),
            _ => {}
        }
    }

    /// Records the devices that the run will sync, which are known now.
    ///
    /// # Errors
    ///
    /// When the component fails.
    pub(super) async fn select(&self, run: &mut Run, now: Timestamp) -> Result<(), SandboxError> {
        let at = now.as_millisecond();
        run.each_selected(|part| {
            let devices = part.into_iter().map(|device| Selected {
                id: Guid::from_halves(device.id.hi, device.id.lo),
                name: device.name,
                os: device.os,
            });
            self.recorder.selected(devices, at);
            Ok(())
        })
        .await
    }

    /// Records the counts so far, and what was learned about the quota, several times a second. Returns whether the
    /// history can still be written.
    ///
    /// # Errors
    ///
    /// When the component fails.
    pub(super) async fn progress(
        &mut self,
        run: &mut Run,
        part: &Summary,
    ) -> Result<bool, SandboxError> {
        const EVERY: Duration = Duration::from_millis(100);
        if self
            .counted
            .is_none_or(|counted| counted.elapsed() >= EVERY)
        {
            self.counted = Some(Instant::now());
            self.recorder.progress((&self.whole(part.clone())).into());
            if let Some(learned) = run.learned().await? {
                self.recorder.learned(learned);
            }
        }
        Ok(self.recorder.broken().is_none())
    }

    /// What the earlier part has learned about the quota.
    pub(super) fn learned(&self) -> Option<Learned> {
        self.earlier.as_ref()?.run.learned()
    }

    /// The counts of all parts of the run.
    pub(super) fn whole(&self, part: Summary) -> Summary {
        match &self.earlier {
            Some(earlier) => earlier.totals.and(part),
            None => part,
        }
    }

    /// Ends the run: returns the last hash over its requests, or `None` if that could not be written, which is said.
    pub(super) fn end(
        &self,
        whole: &Summary,
        now: Timestamp,
        printer: &mut Printer,
    ) -> Option<Evidence> {
        let outcome = Ending::of(whole).word();
        let (error, missing) = match self.recorder.end(whole, outcome, &format!("{now:.3}")) {
            Ok(evidence) => return Some(evidence),
            Err(failed) => failed,
        };
        let mut advice = error.advice();
        let _ = write!(
            advice.message,
            "; {} requests that left and {} outcomes are not recorded",
            missing.requests, missing.outcomes
        );
        printer.warning(&advice);
        None
    }

    /// The run that this one goes on with.
    pub(super) fn goes_on_with(&self) -> Option<&str> {
        self.earlier.as_ref().map(|earlier| earlier.run.id.as_str())
    }

    /// What is written of it, once it has ended.
    pub(super) fn reports(&self) -> Reports {
        let (place, files) = (self.place.clone(), self.files.clone());
        Reports::of(place, &self.id, files, self.is_temporary)
    }

    /// The command that resumes the run, unless nothing is left to do that from.
    pub(super) fn command(&self) -> Option<String> {
        (!self.is_temporary).then(|| resume_command(&self.place, &self.id))
    }

    /// The command that shows the devices that have failed.
    pub(super) fn failed_devices(&self) -> String {
        command(&self.place, &format!("runs show {} --only failed", self.id))
    }

    /// The command that finds out who has checked in since, unless nothing is left to do that from.
    pub(super) fn confirmation(&self) -> Option<String> {
        let confirm = format!("runs confirm {}", self.id);
        (!self.is_temporary).then(|| command(&self.place, &confirm))
    }

    /// Notes that it is to be found out who has checked in, `after` milliseconds from `now`. Lets other runs begin.
    ///
    /// # Errors
    ///
    /// When the history cannot be written.
    pub(super) fn await_check_ins(self, after: u64, now: Timestamp) -> Result<Awaited, Failure> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let at = now.as_millisecond().saturating_add(after);
        let history = History::open(&self.place).map_err(unusable)?;
        history.confirm_at(&self.id, at).map_err(unusable)?;
        Ok(Awaited {
            command: resume_command(&self.place, &self.id),
            failed: 0,
            place: self.place,
            run: self.id,
            at: Some(at),
        })
    }
}

/// A device that failed in an earlier part, as the output shows it.
fn failed_device(device: intune_sync_history::Device) -> Option<FailedDevice> {
    let (hi, lo) = device.id.parse::<Guid>().ok()?.halves();
    let failure = DeviceFailure {
        status: device.status,
        code: device.code.unwrap_or_default(),
        message: device.message.unwrap_or_default(),
        request_id: device.request_id.unwrap_or_default(),
        client_request_id: device.client_request_id.unwrap_or_default(),
    };
    let done = DeviceDone {
        id: wit::Guid { hi, lo },
        name: device.name,
        os: device.os,
        last_sync: None,
        attempts: device.attempts,
        outcome: wit::Outcome::Failed(failure.clone()),
    };
    Some(FailedDevice::new(&done, &failure))
}
