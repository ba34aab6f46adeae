//! `sync` and `plan`.

use std::{
    hash::{BuildHasher, RandomState},
    io::IsTerminal,
    num::NonZeroU64,
    sync::Arc,
    time::Duration,
};

use intune_sync_egress::{
    TokenCache,
    sync::{Rules, Writes},
};
use intune_sync_report::{ExitStatus, Stop, Turn, run_id};
use intune_sync_sandbox::{Egress, Run, Sandbox, SandboxError, Time};
use intune_sync_settings::Advice;
use intune_sync_wit::{Dispatch, Event, EventKind, Problem, Purpose, RunStatus, Summary};
use jiff::Timestamp;
use tokio::{runtime::Handle, time::Instant};

use super::{Failure, http_client, identity, interruption::Interruption};
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
    let source = identity::source(&options.auth, options.cloud, environment, &client)?;
    let sandbox = Sandbox::new(options.component.clone())?;

    if printer.is_verbose() {
        printer.note(&format!("tokens come from: {}", source.describe()));
    }
    let interruption = Interruption::listen();
    let scope = options.cloud.scope();
    let tokens = TokenCache::new(source, scope.clone(), &Handle::current());
    tokio::select! {
        biased;
        // An identity endpoint can take more than a minute to refuse.
        () = interruption.requested() => return Ok(ExitStatus::Interrupted),
        () = passed(deadline) => {
            printer.warning(&Advice::new(
                "stopped before there was a token: the time given by `--deadline` is over",
                "nothing was sent; `intune-sync doctor` shows what the identity lacks",
            ));
            return Ok(ExitStatus::Stopped);
        }
        first = first_token(&tokens, printer) => first?,
    }

    let rules = rules(options);
    let now = Timestamp::now();
    let seed = RandomState::new().hash_one(now.as_nanosecond());
    let settings = options.settings(u64::try_from(now.as_millisecond()).unwrap_or(0), seed);
    let ceiling = NonZeroU64::new(settings.ceiling).unwrap_or(NonZeroU64::MIN);
    let egress = Arc::new(Egress::new(rules, ceiling, scope, tokens, client));
    let run = sandbox.start(settings, egress, Time::Real).await?;

    let job = Job {
        options,
        run,
        interruption,
        started,
        deadline,
        turn: Turn::new(options.deadline()),
        declined: false,
        summary: None,
    };
    let output = Output::new(options.format, options.purpose, run_id(now, seed));
    job.run(output, printer).await
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
async fn first_token(tokens: &TokenCache, printer: &mut Printer) -> Result<(), Failure> {
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
async fn passed(moment: Option<Instant>) {
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
    /// The user declined to sync the whole fleet.
    declined: bool,
    /// The counts after the last turn.
    summary: Option<Summary>,
}

/// Whether the run goes on.
enum Next {
    Turn,
    End,
}

impl Job<'_> {
    async fn run(
        mut self,
        mut output: Output,
        printer: &mut Printer,
    ) -> Result<ExitStatus, Failure> {
        let broke = loop {
            match self.turn(&mut output, printer).await {
                Ok(Next::Turn) => {}
                Ok(Next::End) => break None,
                Err(TurnError::Sandbox(error)) => break Some(error),
                Err(TurnError::Output(error)) => return Err(error.into()),
            }
        };
        let summary = self.conclusion(broke).await;
        let fails = self.options.given.fails_if_incomplete() && output.is_incomplete();
        output.finish(printer, Timestamp::now(), &summary)?;
        Ok(ExitStatus::of(&summary, self.turn.stopped()).with_shortfall(fails))
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
                Stop::Declined | Stop::Unread => {}
            }
            self.run.stop().await?;
        }
        let Some(events) = self.run.next(Turn::MAX_WAIT).await? else {
            return Ok(Next::End);
        };
        for event in &events {
            output.event(printer, Timestamp::now(), event)?;
            self.declined |= self.declines(event, printer).await?;
        }
        output.tick(printer, Timestamp::now());
        self.summary = Some(self.run.summary().await?);
        Ok(Next::Turn)
    }

    /// Why the run should stop, its deadline apart.
    fn requested(&self, printer: &Printer) -> Option<Stop> {
        if self.interruption.was_requested() {
            Some(Stop::Interrupted)
        } else if self.declined {
            Some(Stop::Declined)
        } else {
            printer.stdout_closed().then_some(Stop::Unread)
        }
    }

    /// Asks a person at a terminal whether to sync the whole fleet, once its size is known. Returns true for a no; where
    /// the run has to stop meanwhile, there is no reply.
    async fn declines(&self, event: &Event, printer: &mut Printer) -> Result<bool, std::io::Error> {
        let EventKind::Planned(plan) = &event.kind else {
            return Ok(false);
        };
        let asks = self.options.purpose == Purpose::Sync
            && self.options.given.whole_fleet()
            && self.options.given.yes != Some(true)
            && plan.to_sync > 0
            && self.turn.stopped().is_none()
            && std::io::stdin().is_terminal()
            && std::io::stderr().is_terminal();
        if !asks {
            return Ok(false);
        }
        let question = format!(
            "sync all {} devices of the tenant? (`--yes` skips this question)",
            plan.to_sync
        );
        let over = async {
            tokio::select! {
                () = self.interruption.requested() => {}
                () = passed(self.deadline) => {}
            }
        };
        let replies = std::io::BufReader::new(std::io::stdin());
        Ok(printer.ask(&question, replies, over).await? == Some(false))
    }

    /// The final summary; `broke` is why the sandbox ended the run, if it did.
    async fn conclusion(&mut self, broke: Option<SandboxError>) -> Summary {
        let last = match broke {
            // An instance that trapped cannot be called again.
            Some(error) => Err(error),
            None => self.run.summary().await,
        };
        match last {
            Ok(mut summary) => {
                if let RunStatus::NotAuthorized(problem) = &mut summary.status
                    && let Some(hint) = self.run.egress().token_hint()
                {
                    problem.hint = hint;
                }
                summary
            }
            Err(error) => Summary {
                status: RunStatus::Failed(Problem {
                    message: error.to_string(),
                    hint: "syncs requested so far remain; run it again for the rest, without `--component`, and report a bug \
                           if it fails again"
                        .to_owned(),
                }),
                ..self.summary.take().unwrap_or_else(nothing_done)
            },
        }
    }
}

/// Why a turn failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum TurnError {
    Sandbox(#[from] SandboxError),
    Output(#[from] std::io::Error),
}

/// The counts of a run that broke in its first turn.
fn nothing_done() -> Summary {
    Summary {
        total: 0,
        success: 0,
        error: 0,
        skipped: 0,
        gone: 0,
        pending: 0,
        batches: 0,
        retries: 0,
        throttled: 0,
        requests: 0,
        duration: 0,
        status: RunStatus::Running,
    }
}
