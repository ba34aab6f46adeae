//! `report`, and what a `sync` writes of its run: the page, the rows and the test cases.
//!
//! All of it is read from the history, so that a run and the command that comes later write the same.

mod csv;
mod file;
mod junit;
mod recorded;

use std::path::{Path, PathBuf};

use intune_sync_history::{ExportError, History, RunFilter, StateDir};
use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;

pub(super) use self::csv::DeviceRows;
use self::{file::Target, recorded::Recorded};
use super::{
    Failure,
    history::{self, failure},
};
use crate::{
    cli::{PageOptions, ReportFiles, ReportKind as Kind},
    printer::Printer,
};

/// Runs `report`.
///
/// # Errors
///
/// When there is no such run, the history cannot be used, or the file cannot be written.
pub(super) fn run(options: &PageOptions, printer: &mut Printer) -> Result<ExitStatus, Failure> {
    let (_, history) = history::existing(options.state_dir.as_ref())?;
    let run = match &options.run {
        Some(run) => run.clone(),
        None => latest(&history)?,
    };
    let recorded = Recorded::of(&history, &run).map_err(failure)?;
    let out = match &options.out {
        Some(out) if out.as_os_str() == "-" => {
            printer.data(&recorded.page().map_err(failure)?)?;
            return Ok(ExitStatus::Success);
        }
        Some(out) => out.clone(),
        None => PathBuf::from(format!("intune-sync-{run}.html")),
    };
    let unwritable = |error: std::io::Error| {
        Failure::usage(
            format!("cannot write `{}`: {error}", out.display()),
            "name another file with `--out`; `-` is stdout",
        )
    };
    let target = Target::at(&out).map_err(unwritable)?;
    let page = recorded.page().map_err(failure)?;
    target
        .write(|output| output.write_all(page.as_bytes()))
        .map_err(unwritable)?;
    printer.note(&format!(
        "the report of run `{run}` is in `{}`",
        out.display()
    ));
    Ok(ExitStatus::Success)
}

fn latest(history: &History) -> Result<String, Failure> {
    let runs = history.runs(&RunFilter::default()).map_err(failure)?;
    runs.into_iter().next().map(|run| run.id).ok_or_else(|| {
        Failure::usage(
            "there is no run in the history yet",
            "`sync` writes one; `--state-dir` names another directory",
        )
    })
}

/// The files that a run is to write, each of which can be written as far as can be known before.
#[derive(Debug, Clone, Default)]
pub(super) struct Files(Vec<(Kind, PathBuf, Target)>);

impl Files {
    /// # Errors
    ///
    /// When one of them cannot be written.
    pub(super) fn prepare(files: &ReportFiles) -> Result<Self, Failure> {
        let mut prepared = Vec::new();
        for (kind, path) in files.given() {
            let target = Target::at(path).map_err(|error| {
                Failure::usage(
                    format!("cannot write {} to `{}`: {error}", kind.name(), path.display()),
                    format!(
                        "nothing was sent; name another file with `{}`, or make its directory writable",
                        kind.flag()
                    ),
                )
            })?;
            prepared.push((kind, path.to_owned(), target));
        }
        Ok(Self(prepared))
    }
}

/// What is written of one run.
pub(super) struct Reports {
    place: StateDir,
    run: String,
    files: Files,
    /// The history is gone after the run.
    is_temporary: bool,
}

/// Which of the files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    All,
    /// Those that can be written again.
    Replaceable,
    /// Pipes and devices: what is written there stays.
    Special,
}

impl Reports {
    /// The files of this run.
    pub(super) fn of(place: StateDir, run: &str, files: Files, is_temporary: bool) -> Self {
        Self {
            place,
            run: run.to_owned(),
            files,
            is_temporary,
        }
    }

    /// Writes the files. Returns that of the page, if it was written. What cannot be written is a warning: the run is
    /// what it was.
    pub(super) fn write(&self, which: Which, printer: &mut Printer) -> Option<String> {
        let is_due = |target: &Target| match which {
            Which::All => true,
            Which::Replaceable => !target.is_special(),
            Which::Special => target.is_special(),
        };
        let due = self.files.0.iter().filter(|(_, _, target)| is_due(target));
        let due: Vec<_> = due.collect();
        if due.is_empty() {
            return None;
        }
        let mut page = None;
        let opened = History::open(&self.place);
        let recorded = match &opened {
            Ok(history) => Recorded::of(history, &self.run).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        for (kind, path, target) in due {
            let written = recorded
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|recorded| {
                    let written = target.write(|output| match kind {
                        Kind::Page => Ok(output.write_all(recorded.page()?.as_bytes())?),
                        Kind::Csv => recorded.write_csv(output),
                        Kind::Junit => recorded.write_junit(output),
                    });
                    written.map_err(|error: ExportError| error.to_string())
                });
            match written {
                Ok(()) => {
                    printer.note(&format!("{} is in `{}`", kind.name(), path.display()));
                    if *kind == Kind::Page {
                        page = Some(path.display().to_string());
                    }
                }
                Err(reason) => printer.warning(&self.unwritten(*kind, path, &reason)),
            }
        }
        page
    }

    /// A file that could not be written, and where else to find what would be in it.
    fn unwritten(&self, kind: Kind, path: &Path, reason: &str) -> Advice {
        let message = format!(
            "cannot write {} to `{}`: {reason}",
            kind.name(),
            path.display()
        );
        if self.is_temporary {
            return Advice::without_hint(message);
        }
        let command = |arguments: String| history::command(&self.place, &arguments);
        let hint = match kind {
            Kind::Page => {
                format!(
                    "`{}` writes it again",
                    command(format!("report {}", self.run))
                )
            }
            Kind::Csv | Kind::Junit => {
                let show = command(format!("runs show {} --output csv", self.run));
                format!("`{show}` has the devices")
            }
        };
        Advice::new(message, hint)
    }
}
