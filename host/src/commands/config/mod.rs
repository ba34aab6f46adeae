//! `config`: the config file, and the settings that come from it and elsewhere.

mod init;
mod schema;
mod show;

use std::path::Path;

use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;

use super::Failure;
use crate::{
    cli::{ConfigOptions, ReportFormat},
    printer::{Printer, quoted},
};

/// Shows, checks or writes.
///
/// # Errors
///
/// When stdout or the file cannot be written.
pub(super) fn run(options: ConfigOptions, printer: &mut Printer) -> Result<ExitStatus, Failure> {
    match options {
        ConfigOptions::Show {
            file,
            settings,
            format,
        } => {
            printer.data(&match format {
                ReportFormat::Text => show::text(file.as_ref(), &settings),
                ReportFormat::Json => show::json(file.as_ref(), &settings),
            })?;
            Ok(ExitStatus::Success)
        }
        ConfigOptions::Check {
            path,
            keys,
            profiles,
            problems,
        } => checked(&path, keys, &profiles, &problems, printer),
        ConfigOptions::Init(path) => {
            init::write(&path)?;
            printer.data(&format!("{}\n", path.display()))?;
            printer.hint(&format!(
                "take out the `#` before a key to set it; `intune-sync config check {}` checks the file",
                quoted(&path.to_string_lossy())
            ));
            Ok(ExitStatus::Success)
        }
        ConfigOptions::Schema => {
            printer.data(&schema::text())?;
            Ok(ExitStatus::Success)
        }
    }
}

/// Shows what is wrong with a file, or that nothing is.
fn checked(
    path: &Path,
    keys: usize,
    profiles: &[String],
    problems: &[Advice],
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    for problem in problems {
        printer.error(problem);
    }
    if !problems.is_empty() {
        return Ok(ExitStatus::Usage);
    }
    let plural = if keys == 1 { "" } else { "s" };
    let profiles = match profiles {
        [] => String::new(),
        profiles => format!("; profiles: {}", profiles.join(", ")),
    };
    printer.data(&format!(
        "{}: nothing is wrong with its {keys} key{plural}{profiles}\n",
        path.display()
    ))?;
    Ok(ExitStatus::Success)
}
