//! What is written of a run at its end.

use std::path::{Path, PathBuf, absolute};

use clap::Args;
use intune_sync_settings::Advice;

/// What is written of a run at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReportFiles {
    /// Its page.
    pub(crate) page: Option<PathBuf>,
    /// Its devices, one a row.
    pub(crate) csv: Option<PathBuf>,
    /// Its devices, as test cases.
    pub(crate) junit: Option<PathBuf>,
}

/// A kind of file that is written of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportKind {
    /// Its page.
    Page,
    /// Its devices, one a row.
    Csv,
    /// Its devices, as test cases.
    Junit,
}

/// What is written of a run at its end.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub(in crate::cli) struct ReportFileArgs {
    /// Write a report at the end, however the run ends: one HTML file to read, print or attach
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a CSV file at the end: a row for each device
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a JUnit file at the end, for a pipeline: a test case for each device
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl ReportKind {
    /// What it is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Page => "the report",
            Self::Csv => "the CSV file",
            Self::Junit => "the JUnit file",
        }
    }

    /// The flag that names it.
    pub(crate) const fn flag(self) -> &'static str {
        match self {
            Self::Page => "--report",
            Self::Csv => "--csv",
            Self::Junit => "--junit",
        }
    }
}

impl ReportFiles {
    /// The files that are wanted.
    pub(crate) fn given(&self) -> impl Iterator<Item = (ReportKind, &Path)> {
        let files = [
            (ReportKind::Page, &self.page),
            (ReportKind::Csv, &self.csv),
            (ReportKind::Junit, &self.junit),
        ];
        let given = files.into_iter();
        given.filter_map(|(kind, file)| Some((kind, file.as_deref()?)))
    }

    /// The flags that name them, wherever the program is started.
    pub(in crate::cli) fn flags(&self) -> impl Iterator<Item = String> {
        self.given().flat_map(|(kind, file)| {
            let file = absolute(file).unwrap_or_else(|_| file.to_owned());
            [kind.flag().to_owned(), file.to_string_lossy().into_owned()]
        })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.given().next().is_none()
    }
}

impl ReportFileArgs {
    /// The files.
    ///
    /// # Errors
    ///
    /// Standard output, and a file that two flags name.
    pub(in crate::cli) fn files(self) -> Result<ReportFiles, Advice> {
        let files = ReportFiles {
            page: self.report,
            csv: self.csv,
            junit: self.junit,
        };
        let mut known: Vec<(ReportKind, &Path)> = Vec::new();
        for (kind, file) in files.given() {
            let flag = kind.flag();
            if file.as_os_str() == "-" {
                return Err(Advice::new(
                    format!("`{flag} -` is not allowed: stdout has the summary"),
                    "name a file; `intune-sync report --out -` and `intune-sync runs show RUN --output csv` write to \
                     stdout",
                ));
            }
            if let Some((other, _)) = known.iter().find(|(_, known)| *known == file) {
                return Err(Advice::new(
                    format!("`{}` and `{flag}` name the same file", other.flag()),
                    "give each a file of its own",
                ));
            }
            known.push((kind, file));
        }
        Ok(files)
    }
}
