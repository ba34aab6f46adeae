//! `audit`: what a component is made of, what it asks for, and what it is allowed to do, read without running it.

mod inspect;
mod json;
mod nested;
mod recorded;
mod text;

use intune_sync_report::ExitStatus;

use self::inspect::{Audit, Verdict};
use super::Failure;
use crate::{
    cli::{AuditOptions, ReportFormat},
    printer::Printer,
};

/// Shows the audit of a component. It succeeds if the component asks for nothing beyond the promise, and can run here.
///
/// # Errors
///
/// When there is no component to audit.
pub(crate) fn run(options: &AuditOptions, printer: &mut Printer) -> Result<ExitStatus, Failure> {
    let audit = Audit::of(options.file.as_deref()).map_err(|error| {
        Failure::usage(
            error.to_string(),
            "name a WebAssembly component, or leave FILE out to audit the built-in one",
        )
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
