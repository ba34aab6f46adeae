//! `audit`: what a component is made of, what it asks for, and what it is allowed to do, read without running it.

mod inspect;
mod json;
mod nested;
mod policy;
mod recorded;
mod text;

use std::path::Path;

use clap::ValueEnum;
use intune_sync_report::ExitStatus;
use intune_sync_sandbox::promise::Promise;

use self::inspect::{Audit, AuditError, Verdict};
use super::{Failure, component};
use crate::{
    cli::{AuditOptions, ReportFormat},
    confined::{self, Bounds},
    embedded,
    printer::Printer,
};

/// What to do where there is nothing to audit.
const HINT: &str = "name a WebAssembly component, or leave FILE out to audit the built-in one";

/// The most that the audit of a file takes. Our own components take a second or less.
const BOUNDS: Bounds = Bounds {
    seconds: 10,
    memory: 1024,
};

/// Shows the audit of a component. It succeeds if the component asks for nothing beyond the promise, and can run here.
///
/// A file is audited in a confined process: it may have been made to exhaust the machine.
///
/// # Errors
///
/// When there is no component to audit.
pub(crate) async fn run(
    options: &AuditOptions,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    if options.policy {
        printer.data(&policy::policy())?;
        return Ok(ExitStatus::Success);
    }
    match &options.file {
        Some(file) if !confined::is_confined() => elsewhere(file, options, printer).await,
        _ => here(options, printer),
    }
}

fn here(options: &AuditOptions, printer: &mut Printer) -> Result<ExitStatus, Failure> {
    let promise = match options.notifier {
        true => Promise::Notifier,
        false => Promise::Engine,
    };
    let audit = Audit::of(options.file.as_deref(), promise).map_err(|error| match error {
        AuditError::Machine(error) => Failure::from(error),
        error => Failure::usage(error.to_string(), HINT),
    })?;
    printer.data(&match options.format {
        ReportFormat::Text => text::text(&audit),
        ReportFormat::Json => json::json(&audit),
    })?;
    Ok(match audit.verdict() {
        Verdict::Pass => ExitStatus::Success,
        Verdict::StandsAlone | Verdict::BeyondThePromise | Verdict::Unfit => ExitStatus::Failed,
    })
}

/// Shows what a confined process has found.
async fn elsewhere(
    file: &Path,
    options: &AuditOptions,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    embedded::refuse_process(
        "`audit` of a file",
        "leave out FILE to audit the built-in component",
    )?;
    let format = options.format.to_possible_value();
    let format = format.map_or_else(String::new, |format| {
        format!("--output={}", format.get_name())
    });
    // What begins with a dash is a file as well.
    let notifier = options.notifier.then(|| "--notifier".into());
    let arguments = ["audit".into(), format.into()].into_iter();
    let arguments = arguments.chain(notifier).chain(["--".into(), file.into()]);
    let output = confined::run(BOUNDS, arguments).await.map_err(|exceeded| {
        Failure::usage(
            format!("`{}` is not audited: it {exceeded}", file.display()),
            HINT,
        )
    })?;
    if output.stdout.is_empty() {
        return Err(component::relayed(&output));
    }
    printer.data(&String::from_utf8_lossy(&output.stdout))?;
    Ok(match output.status.success() {
        true => ExitStatus::Success,
        false => ExitStatus::Failed,
    })
}
