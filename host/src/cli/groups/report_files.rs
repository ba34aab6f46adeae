//! What is written of a run at its end.

use std::path::{Path, PathBuf};

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

impl ReportFiles {
    /// The files, each with the flag that names it.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [
            ("--report", &self.page),
            ("--csv", &self.csv),
            ("--junit", &self.junit),
        ];
        let given = files.into_iter();
        given.filter_map(|(flag, file)| Some((flag, file.as_deref()?)))
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
        let mut known: Vec<(&str, &Path)> = Vec::new();
        for (flag, file) in files.given() {
            if file.as_os_str() == "-" {
                return Err(Advice::new(
                    format!("`{flag} -` is not allowed: stdout has the summary"),
                    "name a file; `intune-sync report --out -` and `intune-sync runs show RUN --output csv` write to \
                     stdout",
                ));
            }
            if let Some((other, _)) = known.iter().find(|(_, known)| *known == file) {
                return Err(Advice::new(
                    format!("`{other}` and `{flag}` name the same file"),
                    "give each a file of its own",
                ));
            }
            known.push((flag, file));
        }
        Ok(files)
    }
}
