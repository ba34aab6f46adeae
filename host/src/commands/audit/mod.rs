use intune_sync_report::ExitStatus;

use super::Failure;
use crate::{
    audit::{self, Audit, Verdict},
    cli::{AuditOptions, ReportFormat},
    printer::Printer,
};

/// Shows what a component is made of, what it asks for, and what it is allowed to do. Exit code 0 is for a component
/// that asks for nothing beyond the promise, and runs.
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
        ReportFormat::Text => audit::text(&audit),
        ReportFormat::Json => audit::json(&audit),
    })?;
    Ok(match audit.verdict() {
        Verdict::Pass => ExitStatus::Success,
        Verdict::StandsAlone | Verdict::BeyondThePromise | Verdict::Unfit => {
            ExitStatus::Failed
        }
    })
}
