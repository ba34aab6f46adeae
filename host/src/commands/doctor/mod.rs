//! `doctor`: whether an identity can do the job here; one check after the other, each with what was found and, where it
//! fails, the one thing to do.

mod clock;
mod devices;
mod examine;
mod graph_client;
mod groups;
mod json;
mod notification;
mod report;
mod step;
mod text;
mod token;

use intune_sync_report::ExitStatus;

use self::{
    examine::{Subject, examine},
    report::Report,
    step::{Outcome, Step},
};
use super::{Failure, http_client, identity, interruption::Interruption, notify::Webhook};
use crate::{
    cli::{DoctorOptions, ReportFormat},
    identity::Environment,
    printer::Printer,
};

/// Checks whether an identity can do the job here. The exit status is that of the first step that failed.
///
/// # Errors
///
/// When the options make no sense, or the report cannot be written.
pub(crate) async fn run(
    options: &DoctorOptions,
    environment: &Environment,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let client = http_client(options.ca_file.as_deref())?;
    let source = match identity::source(&options.auth, options.cloud, environment, &client, printer)
    {
        Ok(source) => Ok(source),
        Err(absent) if absent.status == ExitStatus::NotAuthorized => Err(absent.advice),
        // As for `sync`: a file that is not there is wrong usage.
        Err(unusable) => return Err(unusable),
    };
    let webhook = Webhook::open(&options.webhook, environment, printer)?;
    let subject = Subject {
        options,
        client,
        source,
        webhook,
    };
    let interruption = Interruption::listen();
    let is_text = options.report.format == ReportFormat::Text;
    let mut show = |step: Step, outcome: &Outcome| match is_text {
        true => printer.page(&text::step_line(step, outcome)),
        false => Ok(()),
    };
    let mut report = Report::new(&mut show);
    tokio::select! {
        examined = examine(subject, &mut report) => examined?,
        // An identity endpoint can take more than a minute to refuse.
        () = interruption.requested() => return Ok(ExitStatus::Interrupted),
    }

    let cause = report.cause().map(|(_, finding)| finding.clone());
    let status = match &cause {
        None => ExitStatus::Success,
        Some(finding) => finding.cause.exit_status(),
    };
    let verdict = text::verdict_line(&report);
    let json = json::json(options, &report, status);
    printer.keep(|| json.clone());
    if is_text {
        printer.data(&verdict)?;
        return Ok(status);
    }
    printer.data(&json)?;
    if let Some(finding) = cause {
        printer.error(&finding.advice);
    }
    Ok(status)
}
