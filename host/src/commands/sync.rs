//! `sync` and `plan`.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use intune_sync_egress::{
    HttpClient, TokenCache,
    sync::{Rules, Writes},
};
use intune_sync_ids::Guid;
use intune_sync_report::{ExitStatus, Format, Turn, run_id};
use intune_sync_sandbox::{Egress, Time};
use intune_sync_settings::Advice;
use intune_sync_wit::{Dispatch, Purpose, Selection, Settings};
use jiff::Timestamp;
use tokio::{runtime::Handle, time::Instant};

use super::{
    Failure, component, conclusion,
    confirm::{Confirmer, exactly},
    facts::Facts,
    groups::{self, Groups},
    history::{Opened, Record},
    http_client, identity,
    interruption::Interruption,
    job::Job,
    names::Names,
    notify::{Notifier, Story},
    question::Question,
};
use crate::{
    cli::{JobOptions, Resume},
    identity::Environment,
    output::Output,
    printer::Printer,
};

/// Runs a job, and sends a message about it where one is wanted. Its deadline counts from `started`. Who reads JSON
/// gets an object however it ends.
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
    let seed = RandomState::new().hash_one(Timestamp::now().as_nanosecond());
    let id = run_id(Timestamp::now(), seed);
    let ended = begin(options, environment, started, (&id, seed), printer).await;
    let history = options.history.as_ref();
    let confirms = history.is_some_and(|history| matches!(history.resume, Resume::Confirm(_)));
    if !confirms {
        let summary = conclusion::nothing_done(conclusion::why(&ended));
        let output = Output::new(options.format, options.purpose, id);
        if options.format != Format::Text && !printer.has_data() {
            printer.data(&output.summary(Timestamp::now(), &summary))?;
        }
        if !printer.has_object() {
            printer.keep(|| output.object(&summary));
        }
    }
    ended
}

/// Runs a job under this id. `seed` is for the engine's jitter.
///
/// # Errors
///
/// When the run did not begin.
async fn begin(
    options: &JobOptions,
    environment: &Environment,
    started: Instant,
    (id, seed): (&str, u64),
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let deadline = options.deadline().map(|deadline| started + deadline);
    // Whatever is wrong with the options shows before anything is sent.
    let client = http_client(options.ca_file.as_deref())?;
    let notifier = match &options.notify {
        Some(notify) => Notifier::open(
            notify,
            options.component.engine,
            environment,
            &client,
            printer,
        )?,
        None => None,
    };
    let mut story = Story::begin(started, deadline);
    let ended = job(
        options,
        environment,
        client,
        (started, deadline),
        (id, seed),
        &mut story,
        printer,
    )
    .await;
    if let Some(notifier) = notifier {
        notifier.report(&story, &ended, printer).await;
    }
    ended
}

/// Runs a job; `story` gets what it comes to.
async fn job(
    options: &JobOptions,
    environment: &Environment,
    client: HttpClient,
    (started, deadline): (Instant, Option<Instant>),
    (id, seed): (&str, u64),
    story: &mut Story,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let source = identity::source(&options.auth, options.cloud, environment, &client, printer)?;
    let interruption = Interruption::listen();
    story.set_interruption(&interruption);
    component::note_execution(options.component.engine, printer);
    let sandbox = tokio::select! {
        biased;
        () = interruption.requested() => return Ok(ExitStatus::Interrupted),
        () = passed(deadline) => {
            printer.warning(&Advice::new(
                "stopped before the component was compiled: the time given by `--deadline` is over",
                "nothing was sent; compiled code is kept, so that the next start takes less time",
            ));
            return Ok(ExitStatus::Stopped);
        }
        sandbox = component::load(&options.component) => sandbox?,
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
            printer.warning(&Advice::new(
                "stopped before there was a token: the time given by `--deadline` is over",
                "nothing was sent; `intune-sync doctor` shows what the identity lacks",
            ));
            return Ok(ExitStatus::Stopped);
        }
        first = first_token(&tokens, printer) => first?,
    }
    story.set_token(&tokens);

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
        // It syncs nothing.
        story.silence();
        let reports = history.reports_of(&awaited.run);
        return conclusion::check_ins(&confirmer, &awaited, &reports, printer).await;
    }

    let rules = rules(options);
    let now = Timestamp::now();
    let record = history
        .map(|history| {
            Record::begin(
                history,
                options,
                sandbox.sha256(),
                &tokens,
                id,
                now,
                printer,
            )
        })
        .transpose()?;
    if let Some(command) = record.as_ref().and_then(Record::command) {
        interruption.set_last_line(command);
    }
    story.set_run(id);
    let mut settings = options.settings(u64::try_from(now.as_millisecond()).unwrap_or(0), seed);
    let rest = match record.as_ref().map(|record| go_on(record, &mut settings)) {
        Some(Ok(rest)) => rest,
        Some(Err(failure)) => {
            return conclusion::not_begun(record.as_ref(), Err(failure), printer);
        }
        None => None,
    };
    let mut output = Output::new(options.format, options.purpose, id);
    output.set_ceiling(options.given.max_rate);
    if printer.keeps_object() {
        output.keep_all();
    }
    let facts = Facts::new(
        options,
        &tokens,
        id,
        record.as_ref().and_then(Record::goes_on_with),
        now,
    );
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
    let asks = asks(options, printer);
    // A resumed run has the devices from the history: their names were checked when it began.
    let names = match rest {
        None => Names::of(options),
        Some(_) => None,
    };
    // The question says which share of the tenant it is; only the whole list shows whether what is named is there.
    settings.whole_list |= asks || names.is_some();
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
    let started_run = async {
        let mut run = sandbox
            .start(settings, Arc::clone(&egress), Time::Real)
            .await?;
        if let Some(record) = &record {
            if rest.is_none() {
                record.skip(&mut run).await?;
            }
            if let Some((earlier, failures)) = record.resumed()? {
                output.resume(earlier, failures);
            }
        }
        Ok(run)
    };
    let run = match started_run.await {
        Ok(run) => run,
        Err(failure) => return conclusion::not_begun(record.as_ref(), Err(failure), printer),
    };

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
        named: match options.files.allow_missing {
            true => BTreeSet::new(),
            false => options.given.device.iter().copied().collect(),
        },
        named_gone: 0,
        summary: None,
        record,
        unrecorded: false,
    };
    let ended = tokio::select! {
        ended = job.run(&mut output, printer) => ended?,
        never = stop_writes(egress, interruption.clone(), deadline) => match never {},
    };
    output.set_facts(facts.until(Timestamp::now()));
    conclusion::of(ended, output, &confirmer, story, printer).await
}

/// Makes these the settings of the next part of a recorded run. Returns the devices that are left, where they are
/// known.
///
/// # Errors
///
/// As [`Record::rest`].
fn go_on(record: &Record, settings: &mut Settings) -> Result<Option<Vec<Guid>>, Failure> {
    let rest = record.rest()?;
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
    Ok(rest)
}

/// Whether there is a person at a terminal to be asked.
fn asks(options: &JobOptions, printer: &Printer) -> bool {
    options.purpose == Purpose::Sync && options.given.yes != Some(true) && printer.is_attended()
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
