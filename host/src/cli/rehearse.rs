//! `rehearse`: its flags, and what they mean.

use clap::{Args, ValueEnum};
use intune_sync_settings::{
    Advice, Cloud, Given,
    duration::{DAY, SECOND, Span, span, within},
    number::{percent, seed, whole},
};

use super::{
    groups::{
        component::ComponentOptions,
        config::ConfigFileArgs,
        output::ReportOptions,
        settings::{Pace, Settings},
    },
    job::JobOptions,
};

/// How the simulated tenant counts writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Limiter {
    /// From 0 in every window of 20 seconds
    Fixed,
    /// Those of the last 20 seconds
    #[default]
    Sliding,
    /// A bucket that is refilled evenly
    Bucket,
}

/// What a call of the bulk action costs in the simulated tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum BulkCost {
    /// One write a call
    Call,
    /// One write for each device in it
    #[default]
    Device,
}

/// Where flags that are not given come from.
pub(super) const SOURCES: &str = "Examples:
  intune-sync rehearse --devices 25000                  how long the fleet takes, and what would be faster
  intune-sync rehearse --devices 25000 --neighbour 50   if another app takes half of the quota

What a rehearsal has in common with `sync` is also taken from the variables (`INTUNE_SYNC_PACE`) \
    and from the file named by `--config`, so that a job's own file can be rehearsed.";

/// The same, how far the model goes, and the exit codes.
pub(super) const MODEL_AND_EXIT_CODES: &str = "Examples:
  intune-sync rehearse --devices 25000                  how long the fleet takes, and what would be faster
  intune-sync rehearse --devices 25000 --neighbour 50   if another app takes half of the quota

What a rehearsal has in common with `sync` is also taken from the variables \
    (`INTUNE_SYNC_PACE`) and from the file named by `--config`, so that a job's own file can be rehearsed. Its \
    selection is left out: all of the simulated devices are synced.

The tenant is a model. Microsoft documents the quota of 200 writes in 20 seconds, but not how it is counted, nor what a \
    bulk call costs, nor how long responses take: `--limiter`, `--bulk-cost` and `--latency` try either way.

Exit codes:
  0    the run was rehearsed to its end
  1    the run failed in the simulation
  2    wrong usage
  3    the run was rehearsed to its end, but some simulated devices failed
  130  interrupted by Ctrl-C";

/// `rehearse`.
#[derive(Debug, PartialEq, Args)]
pub(crate) struct RehearseOptions {
    /// Devices of the simulated tenant, 1 to 2000000
    #[arg(long, value_name = "N", value_parser = whole(1..=2_000_000, "devices"), default_value = "10000",
        allow_hyphen_values = true, help_heading = "Job")]
    pub(crate) devices: u32,
    /// Leave out the other ways to dispatch and to pace, and the recommendation
    #[arg(long, help_heading = "Job")]
    pub(crate) no_alternatives: bool,
    #[command(flatten)]
    pub(crate) component: ComponentOptions,
    #[command(flatten)]
    pub(crate) pace: Settings<Pace>,
    #[command(flatten)]
    pub(crate) tenant: TenantOptions,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
    #[command(flatten)]
    pub(crate) config: ConfigFileArgs,
}

/// How the simulated tenant behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
#[command(next_help_heading = "Simulated tenant")]
pub(crate) struct TenantOptions {
    /// Writes in 20 seconds that it allows, 1 to 1000000
    #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000, "writes"), default_value = "200",
        allow_hyphen_values = true)]
    pub(crate) quota: u32,
    /// How it counts them
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) limiter: Limiter,
    /// Share of the quota that another app uses, 0 to 99 percent
    #[arg(long, value_name = "PERCENT", value_parser = whole(0..=99, "percent"), default_value = "0",
        allow_hyphen_values = true)]
    pub(crate) neighbour: u32,
    /// The other app is busy for this long, then idle as long, and so on; always busy if left out. From 1s to 1d
    #[arg(long, value_name = "DURATION", value_parser = within(SECOND..=DAY), allow_hyphen_values = true)]
    pub(crate) neighbour_period: Option<u64>,
    /// How long a response takes, up to 1m: a duration, or two between which it varies
    #[arg(long, value_name = "MIN..MAX", value_parser = span(60_000), default_value = "100ms..800ms",
        allow_hyphen_values = true)]
    pub(crate) latency: Span,
    /// Share of requests that meet a transient fault, 0 to 99.99 percent
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "0", allow_hyphen_values = true)]
    pub(crate) faults: u16,
    /// What a call of the bulk action costs of the quota
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub(crate) bulk_cost: BulkCost,
    /// Seed of the simulation: the same seed makes the same tenant and the same run
    #[arg(long, value_name = "N", value_parser = seed, default_value = "1", allow_hyphen_values = true)]
    pub(crate) seed: u64,
}

impl RehearseOptions {
    /// The `sync` of the whole simulated fleet, in the public cloud, at this pace.
    pub(crate) fn job(&self, pace: Given) -> JobOptions {
        JobOptions::of_whole_fleet(Cloud::default().graph(), pace, self.report.output.clone())
    }

    /// Whether the other ways to dispatch and to pace are tried too.
    pub(crate) fn tries_alternatives(&self) -> bool {
        !self.no_alternatives
    }

    /// Refuses flags that do not go together.
    ///
    /// # Errors
    ///
    /// A neighbour's period without a neighbour.
    pub(super) fn check(&self) -> Result<(), Advice> {
        match self.tenant {
            TenantOptions {
                neighbour: 0,
                neighbour_period: Some(_),
                ..
            } => Err(Advice::new(
                "`--neighbour-period` is not allowed without `--neighbour`",
                "say with `--neighbour 50` how much of the quota the other app uses",
            )),
            _ => Ok(()),
        }
    }
}
