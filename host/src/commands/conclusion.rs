//! How a job ends for its user: the summary, who has checked in since, and the command that resumes it.

use intune_sync_report::{Confirmed, ExitStatus, Format, PlannedDevice, Stop};
use intune_sync_settings::Advice;
use intune_sync_wit::{RunStatus, Summary};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Failure,
    confirm::{Awaited, Confirmer, Ended},
    history::Record,
    notify::Story,
    report::{Reports, Which},
    rows,
};
use crate::{cli::DeviceTable, output::Output, printer::Printer};

/// A run that is over.
pub(super) struct Concluded {
    pub(super) summary: Summary,
    pub(super) status: ExitStatus,
    /// The user said no when asked.
    pub(super) declined: bool,
    /// The devices of a plan, where they are to be listed.
    pub(super) devices: Option<Vec<PlannedDevice>>,
    pub(super) record: Option<Record>,
}

/// Reports the run, finds out who has checked in since, if that is wanted, and says what to do next.
///
/// # Errors
///
/// When stdout cannot be written.
pub(super) async fn of(
    Concluded {
        summary,
        mut status,
        declined,
        devices,
        record,
    }: Concluded,
    mut output: Output,
    confirmer: &Confirmer<'_>,
    story: &mut Story,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let now = Timestamp::now();
    let reports = record.as_ref().map(Record::reports);
    printer.end_progress();
    let history = confirmer.options.history.as_ref();
    let confirms = history.and_then(|history| history.confirm_after);
    let is_done = summary.status == RunStatus::Completed && summary.success > 0;
    let confirms = confirms.filter(|_| is_done);
    if let Some(reports) = &reports {
        let which = match confirms {
            Some(_) => Which::Replaceable,
            None => Which::All,
        };
        output.set_report(reports.write(which, printer));
    }
    let mut next = record
        .as_ref()
        .filter(|_| is_resumable(&summary))
        .and_then(Record::command);
    story.end(&summary, &output, record.as_ref(), next.as_deref());
    if declined {
        story.silence();
    }
    let later = record
        .as_ref()
        .filter(|_| is_done && confirms.is_none())
        .and_then(Record::confirmation);
    // People see the summary before the wait; JSON is one object.
    let is_text = confirmer.options.format == Format::Text;
    let table = devices
        .as_ref()
        .filter(|_| confirmer.options.list == Some(DeviceTable::Csv))
        .map(|devices| {
            let header = PlannedDevice::HEADER.map(str::to_owned);
            let rows = devices.iter().map(PlannedDevice::row);
            rows::csv(std::iter::once(header).chain(rows))
        });
    if let Some(devices) = devices {
        output.set_devices(devices);
    }
    printer.keep(|| output.object(&summary));
    if declined && is_text && summary.status == RunStatus::Stopped {
        // Who has just said no needs no figures.
        printer.note("nothing was synced");
        return Ok(status);
    }
    if status == ExitStatus::Usage && is_text {
        // Who has named the wrong devices needs no figures.
        output.conclude(printer, &summary);
        return Ok(status);
    }
    if let Some(table) = table {
        printer.data(&table)?;
        output.conclude(printer, &summary);
        return Ok(status);
    }
    if is_text {
        printer.data(&output.summary(now, &summary))?;
    }
    let mut which = Which::Special;
    match awaited(record, confirms) {
        Ok(None) => {}
        Ok(Some(awaited)) => match confirmer.confirm(&awaited, printer).await {
            Ok(Ended::Known(confirmed)) => {
                which = Which::All;
                if is_text {
                    printer.data(&format!("\n{}", confirmed.text(&awaited.devices())))?;
                }
                output.set_confirmed(confirmed);
                printer.keep(|| output.object(&summary));
            }
            Ok(Ended::Stopped(stop)) => {
                status = status.or(stopped(stop));
                story.set_next(&awaited.command);
                next = Some(awaited.command);
            }
            // The syncs are what they were.
            Err(failure) => {
                let message = failure.advice.message;
                printer.warning(&Advice::new(
                    format!("it is not known who has checked in: {message}"),
                    "the last line tries it again; the syncs stay as they are",
                ));
                story.set_next(&awaited.command);
                next = Some(awaited.command);
            }
        },
        Err(failure) => printer.warning(&failure.advice),
    }
    if let Some(reports) = reports.filter(|_| confirms.is_some()) {
        reports.write(which, printer);
    }
    if !is_text {
        printer.data(&output.summary(now, &summary))?;
    }
    output.conclude(printer, &summary);
    if let Some(command) = next {
        printer.command(&command);
    } else if let Some(command) = later.filter(|_| is_text && printer.is_watched()) {
        printer.note(&format!(
            "`{command}` finds out which devices have checked in since"
        ));
    }
    Ok(status)
}

/// The run, if it is wanted to know who has checked in since, this many milliseconds later.
fn awaited(record: Option<Record>, after: Option<u64>) -> Result<Option<Awaited>, Failure> {
    match (record, after) {
        (Some(record), Some(after)) => record.await_check_ins(after, Timestamp::now()).map(Some),
        _ => Ok(None),
    }
}

/// `runs confirm`, and `runs resume` of a run that waits for its devices to check in.
///
/// # Errors
///
/// When there is no token, the list cannot be read, or the history not be written.
pub(super) async fn check_ins(
    confirmer: &Confirmer<'_>,
    awaited: &Awaited,
    reports: &Reports,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    /// The object of `runs confirm`.
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Report<'a> {
        run_id: &'a str,
        confirmed: &'a Confirmed,
    }

    if awaited.at.is_some() {
        confirmer
            .interruption
            .set_last_line(awaited.command.clone());
    }
    match confirmer.confirm(awaited, printer).await? {
        Ended::Known(confirmed) => {
            reports.write(Which::All, printer);
            let object = || {
                let report = Report {
                    run_id: &awaited.run,
                    confirmed: &confirmed,
                };
                serde_json::to_string(&report)
                    .map(|object| object + "\n")
                    .unwrap_or_default()
            };
            printer.keep(object);
            printer.data(&match confirmer.options.format {
                Format::Text => confirmed.text(&awaited.devices()),
                Format::Json | Format::Jsonl => object(),
            })?;
            // Who goes on with a run learns how it ended, too.
            Ok(match awaited.at.is_some() && awaited.failed > 0 {
                true => ExitStatus::DevicesFailed,
                false => ExitStatus::Success,
            })
        }
        Ended::Stopped(stop) => {
            if awaited.at.is_some() {
                printer.command(&awaited.command);
            }
            Ok(stopped(stop))
        }
    }
}

/// How the program ends when the wait for check-ins was stopped.
fn stopped(stop: Stop) -> ExitStatus {
    match stop {
        Stop::Interrupted => ExitStatus::Interrupted,
        _ => ExitStatus::Stopped,
    }
}

/// Whether another part can do what this run has not: after one that has failed, if it has done anything.
fn is_resumable(summary: &Summary) -> bool {
    match summary.status {
        RunStatus::Running | RunStatus::Completed => false,
        RunStatus::Stopped | RunStatus::Interrupted(_) => summary.pending > 0 || summary.total == 0,
        RunStatus::NotAuthorized(_) | RunStatus::Failed(_) => {
            summary.pending > 0 && summary.success + summary.error + summary.gone > 0
        }
    }
}

/// Ends a run that has been recorded, and that could not begin.
///
/// # Errors
///
/// Why it could not.
pub(super) fn not_begun(
    record: Option<&Record>,
    ended: Result<ExitStatus, Failure>,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    if let Some(record) = record {
        let summary = record.whole(nothing_done(why(&ended)));
        record.end(&summary, Timestamp::now(), printer);
        record.reports().write(Which::All, printer);
    }
    ended
}

/// How a run ended that could not begin.
pub(super) fn why(ended: &Result<ExitStatus, Failure>) -> RunStatus {
    match ended {
        Ok(_) => RunStatus::Stopped,
        Err(failure) => {
            let problem = failure.advice.clone().into();
            match failure.status {
                ExitStatus::NotAuthorized => RunStatus::NotAuthorized(problem),
                ExitStatus::Stopped => RunStatus::Interrupted(problem),
                _ => RunStatus::Failed(problem),
            }
        }
    }
}

/// The counts of a run that has done nothing, and its status.
pub(super) fn nothing_done(status: RunStatus) -> Summary {
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
        status,
    }
}
