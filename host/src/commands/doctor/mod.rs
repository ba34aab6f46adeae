//! `doctor`.

use std::sync::Arc;

use intune_sync_report::ExitStatus;

use super::{
    Failure,
    identity::{self, NoSource},
    interruption::Interruption,
};
use crate::{
    cli::{DoctorOptions, ReportFormat},
    doctor::{self, Chart, Outcome, Patient, Step},
    http_client::{ClientOptions, HttpClient},
    identity::Environment,
    printer::Printer,
};

/// Says whether an identity can do the job here, and answers the exit code: that of the first step that failed.
///
/// # Errors
///
/// When what was given makes no sense, or the report cannot be written.
pub(crate) async fn run(
    options: &DoctorOptions,
    environment: &Environment,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let client = HttpClient::new(ClientOptions {
        ca_file: options.ca_file.clone(),
    })
    .map(Arc::new)
    .map_err(|error| Failure::usage(error.to_string(), error.hint()))?;
    let source = match identity::source(&options.auth, options.cloud, environment, &client) {
        Ok(source) => Ok(source),
        Err(NoSource::Absent(advice)) => Err(advice),
        // As for `sync`: a file that is not there is wrong usage.
        Err(error @ NoSource::Unusable(_)) => return Err(error.into()),
    };
    let patient = Patient {
        options,
        client: &client,
        source,
    };
    let interruption = Interruption::listen();
    let is_text = options.format == ReportFormat::Text;
    let mut tell = |step: Step, outcome: &Outcome| match is_text {
        true => printer.page(&doctor::step_line(step, outcome)),
        false => Ok(()),
    };
    let mut chart = Chart::new(&mut tell);
    tokio::select! {
        examined = doctor::examine(&patient, &mut chart) => examined?,
        // An identity endpoint can take more than a minute to say no.
        () = interruption.requested() => return Ok(ExitStatus::Interrupted),
    }

    let cause = chart.cause().map(|(_, finding)| finding.clone());
    let status = cause
        .as_ref()
        .map_or(ExitStatus::Success, |finding| finding.cause.exit_status());
    if is_text {
        let verdict = doctor::verdict_line(&chart);
        printer.data(&verdict)?;
        return Ok(status);
    }
    let json = doctor::json(options, &chart, status);
    printer.data(&json)?;
    if let Some(finding) = cause {
        printer.error(&finding.advice);
    }
    Ok(status)
}
