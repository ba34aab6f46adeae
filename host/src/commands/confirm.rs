//! Finds out which devices have checked in since their sync was accepted: reads the list again, by the component, and
//! compares. For `runs confirm`, and at the end of `sync --confirm-after`.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use intune_sync_egress::{
    HttpClient, TokenCache, TokenSource,
    sync::{Rules, Writes},
};
use intune_sync_history::{CheckIn, Confirmation, DeviceFilter, Error, History, StateDir};
use intune_sync_ids::Guid;
use intune_sync_report::{
    Confirmed, ConfirmedPlatform, ExitStatus, Format, Stop, Turn, UnconfirmedDevice,
};
use intune_sync_sandbox::{Egress, Run, Sandbox, Time};
use intune_sync_settings::Advice;
use intune_sync_wit::{self as wit, EventKind, Purpose, RunStatus, Selection};
use jiff::Timestamp;
use tokio::{runtime::Handle, time::Instant};

use super::{
    Failure, history,
    interruption::Interruption,
    sync::{first_token, passed},
};
use crate::{cli::JobOptions, output::Output, printer::Printer};

/// What finds out who has checked in.
pub(super) struct Confirmer<'a> {
    pub(super) options: &'a JobOptions,
    pub(super) sandbox: &'a Sandbox,
    pub(super) source: Arc<dyn TokenSource>,
    pub(super) client: HttpClient,
    pub(super) interruption: &'a Interruption,
    pub(super) deadline: Option<Instant>,
}

/// A run whose devices may have checked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Awaited {
    pub(super) place: StateDir,
    pub(super) run: String,
    /// When to look, in milliseconds since 1970; none for at once.
    pub(super) at: Option<i64>,
    /// Devices whose sync has failed.
    pub(super) failed: u64,
    /// The command that goes on waiting.
    pub(super) command: String,
}

impl Awaited {
    /// The command that shows those that have not checked in.
    pub(super) fn devices(&self) -> String {
        history::command(
            &self.place,
            &format!("runs show {} --only unconfirmed", self.run),
        )
    }
}

/// What became of it.
pub(super) enum Ended {
    /// It is known who has checked in.
    Known(Confirmed),
    /// It was stopped before.
    Stopped(Stop),
}

impl Confirmer<'_> {
    /// Finds out, once it is time.
    ///
    /// # Errors
    ///
    /// When there is no token, the list cannot be read, or the history not be written.
    pub(super) async fn confirm(
        &self,
        awaited: &Awaited,
        printer: &mut Printer,
    ) -> Result<Ended, Failure> {
        if let Some(stop) = self.wait(awaited, printer).await {
            return Ok(Ended::Stopped(stop));
        }
        let scope = self.options.cloud.scope();
        let tokens = TokenCache::new(Arc::clone(&self.source), scope, &Handle::current());
        tokio::select! {
            biased;
            stop = self.stop() => return Ok(Ended::Stopped(stop)),
            first = first_token(&tokens, printer) => first?,
        }
        let mut history = open(&awaited.place)?;
        let accepted = history.accepted(&awaited.run).map_err(history::unusable)?;
        if accepted.is_empty() {
            return Err(Failure::usage(
                format!(
                    "no sync of run `{}` was accepted: there is nothing to confirm",
                    awaited.run
                ),
                format!(
                    "`{}` shows what became of each device",
                    history::command(&awaited.place, &format!("runs show {}", awaited.run))
                ),
            ));
        }
        let now = Timestamp::now();
        let seed = RandomState::new().hash_one(now.as_nanosecond());
        let mut settings = self
            .options
            .settings(u64::try_from(now.as_millisecond()).unwrap_or(0), seed);
        settings.purpose = Purpose::Plan;
        settings.selection = exactly(&accepted);
        let rules = Rules {
            origin: self.options.graph.clone(),
            writes: Writes::None,
        };
        let egress = Egress::new(rules, &settings, tokens, self.client.clone());
        let run = self.sandbox.start(settings, Arc::new(egress), Time::Real);
        match self
            .read(run.await?, &mut history, awaited, printer)
            .await?
        {
            Some(stop) => Ok(Ended::Stopped(stop)),
            None => known(&history, &awaited.run).map(Ended::Known),
        }
    }

    /// Waits until it is time; returns why that is no longer wanted, if so.
    async fn wait(&self, awaited: &Awaited, printer: &mut Printer) -> Option<Stop> {
        /// A machine may have slept meanwhile, or its clock been set.
        const LOOK: Duration = Duration::from_secs(10);
        let at = Timestamp::from_millisecond(awaited.at?).ok()?;
        let left = || Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default();
        if left().is_zero() {
            return None;
        }
        printer.note(&format!(
            "waiting until {} UTC to see which devices have checked in",
            at.strftime("%Y-%m-%d %H:%M:%S")
        ));
        let look = async {
            while !left().is_zero() {
                tokio::time::sleep(left().min(LOOK)).await;
            }
        };
        tokio::select! {
            biased;
            stop = self.stop() => Some(stop),
            () = look => None,
        }
    }

    /// Waits for a reason to stop.
    async fn stop(&self) -> Stop {
        tokio::select! {
            biased;
            () = self.interruption.requested() => Stop::Interrupted,
            () = passed(self.deadline) => Stop::Deadline,
        }
    }

    /// Reads the list, and writes what it says into the history. Returns why it was stopped, if it was.
    async fn read(
        &self,
        mut run: Run,
        history: &mut History,
        awaited: &Awaited,
        printer: &mut Printer,
    ) -> Result<Option<Stop>, Failure> {
        let recorded = history.run(&awaited.run).map_err(history::unusable)?;
        let mut output = Output::new(Format::Text, Purpose::Plan, &awaited.run);
        let mut stopped = None;
        loop {
            if stopped.is_none() {
                stopped = self.stopped();
                if stopped.is_some() {
                    run.stop().await?;
                }
            }
            let Some(events) = run.next(Turn::MAX_WAIT).await? else {
                break;
            };
            for event in &events {
                let now = Timestamp::now();
                match &event.kind {
                    EventKind::Planned(_) => {
                        let confirmation = history.confirm(&recorded, now);
                        let confirmation = confirmation.map_err(history::unusable)?;
                        check_ins(&mut run, &confirmation).await?;
                        confirmation.end().map_err(history::unusable)?;
                    }
                    _ => output.event(printer, now, event)?,
                }
            }
            output.tick(printer, Timestamp::now());
        }
        printer.end_progress();
        let summary = run.summary().await?;
        match summary.status {
            RunStatus::Completed => Ok(None),
            RunStatus::Stopped => Ok(stopped.or(Some(Stop::Interrupted))),
            ref status => {
                let problem = match status {
                    RunStatus::Interrupted(problem)
                    | RunStatus::NotAuthorized(problem)
                    | RunStatus::Failed(problem) => problem.clone().into(),
                    _ => Advice::new("the list was not read to its end", "run the command again"),
                };
                Err(Failure::new(ExitStatus::of(&summary, None), problem))
            }
        }
    }

    fn stopped(&self) -> Option<Stop> {
        if self.interruption.was_requested() {
            return Some(Stop::Interrupted);
        }
        let is_over = self
            .deadline
            .is_some_and(|deadline| deadline <= Instant::now());
        is_over.then_some(Stop::Deadline)
    }
}

/// Exactly these devices, whatever they are.
pub(super) fn exactly(devices: &[Guid]) -> Selection {
    let devices = devices.iter().map(|id| {
        let (hi, lo) = id.halves();
        wit::Guid { hi, lo }
    });
    Selection {
        named_only: true,
        devices: devices.collect(),
        include_unsupported: true,
        ..Selection::default()
    }
}

/// Hands the check-ins of the listed devices over.
async fn check_ins(run: &mut Run, confirmation: &Confirmation<'_>) -> Result<(), Failure> {
    let check_in = |part: Vec<wit::Selected>| {
        let check_ins = part.into_iter().map(|device| CheckIn {
            id: Guid::from_halves(device.id.hi, device.id.lo),
            last: device.last_sync,
        });
        confirmation.write(check_ins).map_err(history::unusable)
    };
    run.each_selected(check_in).await
}

/// What the history says of a run that was confirmed.
fn known(history: &History, run: &str) -> Result<Confirmed, Failure> {
    let platforms = history.platforms(run).map_err(history::unusable)?;
    let mut devices = Vec::new();
    let read = history.devices(run, DeviceFilter::Unconfirmed, |device| {
        devices.push(UnconfirmedDevice {
            id: device.id,
            name: device.name,
            operating_system: device.os,
            last_sync: device.last_sync_at,
        });
        Ok::<(), Error>(())
    });
    read.map_err(history::unusable)?;
    devices.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    let checked_at = history.run(run).map_err(history::unusable)?.confirmed_at;
    Ok(Confirmed {
        checked_at: checked_at.unwrap_or_default(),
        checked_in: platforms.iter().map(|platform| platform.checked_in).sum(),
        unconfirmed: platforms.iter().map(|platform| platform.unconfirmed).sum(),
        platforms: platforms
            .into_iter()
            .map(|platform| ConfirmedPlatform {
                platform: platform.os,
                checked_in: platform.checked_in,
                unconfirmed: platform.unconfirmed,
            })
            .collect(),
        devices,
    })
}

fn open(place: &StateDir) -> Result<History, Failure> {
    History::open(place).map_err(history::unusable)
}
