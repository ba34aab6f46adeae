//! `sync` and `plan`.

use std::{
    convert::Infallible,
    hash::{BuildHasher, RandomState},
    io::IsTerminal,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use futures::FutureExt;
use intune_sync_egress::{
    TokenCache,
    sync::{Rules, Writes},
};
use intune_sync_ids::Guid;
use intune_sync_report::{ExitStatus, PlannedDevice, Stop, Turn, run_id};
use intune_sync_sandbox::{Egress, Run, SandboxError, TakenDevice, Time};
use intune_sync_settings::{Advice, Given};
use intune_sync_wit::{
    Dispatch, EventKind, Outcome, Problem, Purpose, RunStatus, Selection, Summary,
};
use jiff::Timestamp;
use tokio::{runtime::Handle, time::Instant};

use super::{
    Failure, component,
    conclusion::{self, Concluded, nothing_done},
    confirm::{Confirmer, exactly},
    groups::{self, Groups},
    history::{Opened, Record},
    http_client, identity,
    interruption::Interruption,
    names::Names,
    question::{Now, Question},
};
use crate::{cli::JobOptions, identity::Environment, output::Output, printer::Printer};

/// Runs a job. Its deadline counts from `started`.
///
/// # Errors
///
/// When the run did not begin.
pub(crate) async fn run(
    options: &JobOptions,
    environment: &Environment,
    started: Instant,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let deadline = options.deadline().map(|deadline| started + deadline);
    // Whatever is wrong with the options shows before anything is sent.
    let client = http_client(options.ca_file.as_deref())?;
    let source = identity::source(&options.auth, options.cloud, environment, &client, printer)?;
    let interruption = Interruption::listen();
    let early = |what: &str, hint: &str| {
        let over = format!("stopped before {what}: the time given by `--deadline` is over");
        Advice::new(over, hint)
    };
    let sandbox = tokio::select! {
        biased;
        () = interruption.requested() => return Ok(ExitStatus::Interrupted),
        () = passed(deadline) => {
            printer.warning(&early(
                "the component was compiled",
                "nothing was sent; compiled code is kept, so that the next start takes less time",
            ));
            return Ok(ExitStatus::Stopped);
        }
        sandbox = component::load(options.component.as_deref()) => sandbox?,
    };
    let history = options.history.as_ref().map(Opened::open).transpose()?;

    if printer.is_verbose() {
        printer.note(&format!("tokens come from: {}", source.describe()));
    }
    let scope = options.cloud.scope();
    let tokens = TokenCache::new(Arc::clone(&source), scope, &Handle::current());
    tokio::select! {
        biased;
        // An identity endpoint can take more than a minute to refuse.
        () = interruption.requested() => return Ok(ExitStatus::Interrupted),
        () = passed(deadline) => {
            printer.warning(&early(
                "there was a token",
                "nothing was sent; `intune-sync doctor` shows what the identity lacks",
            ));
            return Ok(ExitStatus::Stopped);
        }
        first = first_token(&tokens, printer) => first?,
    }

    let confirmer = Confirmer {
        options,
        sandbox: &sandbox,
        source,
        client: client.clone(),
        interruption: &interruption,
        deadline,
    };
    if let Some(history) = &history
        && let Some(awaited) = history.awaited(options, &tokens)?
    {
        return conclusion::check_ins(&confirmer, &awaited, printer).await;
    }

    let rules = rules(options);
    let now = Timestamp::now();
    let seed = RandomState::new().hash_one(now.as_nanosecond());
    let id = run_id(now, seed);
    let record = history
        .map(|history| {
            Record::begin(
                history,
                options,
                sandbox.sha256(),
                &tokens,
                &id,
                now,
                printer,
            )
        })
        .transpose()?;
    if let Some(record) = &record {
        interruption.set_last_line(record.command());
    }
    let mut rest = None;
    let mut settings = options.settings(u64::try_from(now.as_millisecond()).unwrap_or(0), seed);
    if let Some(record) = &record {
        rest = record.rest()?;
        match &rest {
            Some(devices) => {
                settings.selection = Selection {
                    order: settings.selection.order,
                    ..exactly(devices)
                };
            }
            None => settings.selection.limit = record.limit(settings.selection.limit),
        }
        settings.learned = record.learned();
    }
    let mut output = Output::new(options.format, options.purpose, id);
    // A run that goes on with devices that are known needs no groups.
    if rest.is_none() && !options.groups.is_empty() {
        let known = groups::of_job(options, &client, &tokens, &interruption, deadline, printer);
        let groups = match known.await {
            Ok(Groups::Known(groups)) => groups,
            Ok(Groups::Stopped(status)) => {
                return conclusion::not_begun(record.as_ref(), Ok(status), printer);
            }
            Err(failure) => return conclusion::not_begun(record.as_ref(), Err(failure), printer),
        };
        output.set_groups(groups.select(&mut settings.selection));
    }
    let asks = asks(options);
    // Who is asked is told which share of the tenant it is.
    settings.whole_list |= asks;
    // A resumed run has the devices from the history: their names were checked when it began.
    let names = match rest {
        None => Names::of(&options.files),
        Some(_) => None,
    };
    let question = match (asks, &names) {
        (true, _) => Question::open(options.whole_fleet(), tokens.claims()),
        (false, Some(_)) => Question::unasked(),
        (false, None) => Question::settled(),
    };
    let mut egress = Egress::new(rules, &settings, tokens, client)
        .with_journal(record.as_ref().map(Record::journal));
    if options.list.is_some() {
        egress = egress.with_details();
    }
    let egress = Arc::new(egress);
    if asks || names.is_some() {
        egress.withhold_writes();
    }
    let run = sandbox.start(settings, Arc::clone(&egress), Time::Real);
    let mut run = run.await?;
    if let Some(record) = &record {
        if rest.is_none() {
            record.skip(&mut run).await?;
        }
        if let Some((earlier, failures)) = record.resumed()? {
            output.resume(earlier, failures);
        }
    }

    let job = Job {
        options,
        run,
        interruption: interruption.clone(),
        started,
        deadline,
        turn: Turn::new(options.deadline()),
        question,
        declined: false,
        names,
        misnamed: None,
        named_gone: 0,
        summary: None,
        record,
        unrecorded: false,
    };
    let ended = tokio::select! {
        ended = job.run(&mut output, printer) => ended?,
        never = stop_writes(egress, interruption.clone(), deadline) => match never {},
    };
    conclusion::of(ended, output, &confirmer, printer).await
}

/// Whether there is a person at a terminal to be asked.
fn asks(options: &JobOptions) -> bool {
    options.purpose == Purpose::Sync
        && options.given.yes != Some(true)
        && std::io::stdin().is_terminal()
        && std::io::stderr().is_terminal()
}

/// Lets no write out from the moment at which the run is to stop, even if the component does not come back.
async fn stop_writes(
    egress: Arc<Egress>,
    interruption: Interruption,
    deadline: Option<Instant>,
) -> Infallible {
    tokio::select! {
        () = interruption.requested() => {}
        () = passed(deadline) => {}
    }
    egress.stop_writes();
    std::future::pending().await
}

/// Which requests may leave the sandbox in this job.
pub(super) fn rules(options: &JobOptions) -> Rules {
    Rules {
        origin: options.graph.clone(),
        writes: match (options.purpose, options.given.dispatch) {
            (Purpose::Plan, _) => Writes::None,
            (Purpose::Sync, Some(Dispatch::Bulk)) => Writes::SyncsAndBulk,
            (Purpose::Sync, Some(Dispatch::Single | Dispatch::Batch) | None) => Writes::Syncs,
        },
    }
}

/// Waits for the first token, with a note if that takes long.
pub(super) async fn first_token(tokens: &TokenCache, printer: &mut Printer) -> Result<(), Failure> {
    const QUIET: Duration = Duration::from_secs(4);
    let first = match tokio::time::timeout(QUIET, tokens.first()).await {
        Ok(first) => first,
        Err(_) => {
            printer.note("still waiting for a token");
            tokens.first().await
        }
    };
    first.map_err(identity::not_authorized)
}

/// Waits until a moment has passed, if there is one.
pub(super) async fn passed(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// A run under way.
struct Job<'a> {
    options: &'a JobOptions,
    run: Run,
    interruption: Interruption,
    /// When the program was.
    started: Instant,
    deadline: Option<Instant>,
    turn: Turn,
    question: Question,
    /// The user said no.
    declined: bool,
    /// Names of devices that are yet to be checked.
    names: Option<Names>,
    /// What is wrong with them.
    misnamed: Option<Advice>,
    /// Devices that the user has named by their ids and that are gone.
    named_gone: u32,
    /// The counts after the last turn.
    summary: Option<Summary>,
    record: Option<Record>,
    /// The history can no longer be written.
    unrecorded: bool,
}

/// Whether the run goes on.
enum Next {
    Turn,
    End,
}

impl Job<'_> {
    async fn run(
        mut self,
        output: &mut Output,
        printer: &mut Printer,
    ) -> Result<Concluded, Failure> {
        let broke = loop {
            // Whatever breaks, what was done is reported.
            let turn = AssertUnwindSafe(self.turn(output, printer)).catch_unwind();
            match turn.await {
                Ok(Ok(Next::Turn)) => {}
                Ok(Ok(Next::End)) => break None,
                Ok(Err(TurnError::Sandbox(error))) => break Some(error.to_string()),
                Ok(Err(TurnError::Output(error))) => return Err(error.into()),
                Err(_) => break Some("the program failed at a check of its own".to_owned()),
            }
        };
        let mut summary = match self.conclusion(broke).await {
            Ok(summary) => summary,
            Err(message) => self.broken_off(message, output, printer)?,
        };
        let misnamed = self.misnamed.take();
        let is_misnamed = misnamed.is_some();
        if let Some(problem) = misnamed {
            summary.status = RunStatus::Failed(problem.into());
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
        let named_gone = match self.options.files.allow_missing {
            true => 0,
            false => self.named_gone,
        };
        let status = match is_misnamed {
            true => ExitStatus::Usage,
            false => ExitStatus::of(&summary, self.turn.stopped())
                .with_shortfall(fails)
                .with_named_gone(named_gone)
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
        for event in &events {
            let now = Timestamp::now();
            output.event(printer, now, event)?;
            if let Some(record) = &mut self.record {
                if let EventKind::Planned(plan) = &event.kind {
                    record.select(&mut self.run, plan, now).await?;
                }
                record.event(now, event);
            }
            match &event.kind {
                EventKind::Planned(plan) => self.question.plan(plan),
                EventKind::DeviceDone(device) if device.outcome == Outcome::Gone => {
                    let id = Guid::from_halves(device.id.hi, device.id.lo);
                    self.named_gone += u32::from(self.options.given.device.contains(&id));
                }
                _ => {}
            }
        }
        self.check_names(printer);
        self.ask(printer).await?;
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
    async fn ask(&mut self, printer: &mut Printer) -> Result<(), std::io::Error> {
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
        match printer.ask(&question, replies, over).await? {
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
