//! `demo`: its flags, and what they mean.

use std::path::{Path, PathBuf};

use clap::Args;
use intune_sync_ids::Origin;
use intune_sync_report::Format;
use intune_sync_settings::number::{seed, whole};

use super::{
    groups::{
        choices,
        history::HistoryOptions,
        output::OutputOptions,
        report_files::ReportFiles,
        settings::{Pace, Settings},
    },
    job::JobOptions,
};

/// What it is mostly called with.
pub(super) const EXAMPLES: &str = "Examples:
  intune-sync demo                      600 devices, some of which fail
  intune-sync demo --devices 5000 --pace quota
  intune-sync demo -o jsonl             each event as JSON";

/// Its own defaults: the simulated tenant allows ten times the documented quota, so that a run of minutes takes
/// seconds.
pub(super) const DEFAULTS: [(&str, &str); 3] = [
    ("batch-delay-seconds", "0.5"),
    ("initial-backoff-seconds", "0.5"),
    ("max-rate", "95"),
];

/// `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Devices of the simulated tenant, 1 to 1000000
    #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000, "devices"), default_value = "600",
        allow_hyphen_values = true, help_heading = "Job")]
    pub(crate) devices: u32,
    /// Seed of the simulation: the same seed makes the same tenant
    #[arg(long, value_name = "N", value_parser = seed, allow_hyphen_values = true, help_heading = "Job")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) pace: Settings<Pace>,
    /// What stdout gets
    #[arg(long = "output", short = 'o', value_name = "FORMAT", value_parser = choices::<Format>(), default_value = "text",
        help_heading = "Output")]
    pub(crate) format: Format,
    /// Write a report at the end, as `sync --report` does
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

impl DemoOptions {
    /// The `sync` of the whole simulated fleet, whose Graph is at `graph`. A report is made from a history, which is in
    /// `folder`.
    pub(crate) fn job(&self, graph: Origin, folder: Option<&Path>) -> JobOptions {
        let reports = ReportFiles {
            page: self.report.clone(),
            ..ReportFiles::default()
        };
        JobOptions {
            format: self.format,
            history: folder.map(|folder| HistoryOptions::temporary(folder.to_owned(), reports)),
            ..JobOptions::of_whole_fleet(graph, self.pace.given.clone(), self.output.clone())
        }
    }
}
