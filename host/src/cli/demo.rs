//! `demo`: its flags, and what they mean.

use clap::Args;
use intune_sync_ids::Origin;
use intune_sync_settings::{
    Advice, Given,
    number::{seed, whole},
};

use super::{
    groups::{
        output::{OutputArgs, OutputOptions},
        settings::{Pace, Settings},
    },
    job::JobOptions,
};

/// Its own defaults: the simulated tenant allows ten times the documented quota, so that a run of minutes takes seconds.
pub(super) const DEFAULTS: [(&str, &str); 3] = [
    ("batch-delay-seconds", "0.5"),
    ("initial-backoff-seconds", "0.5"),
    ("max-rate", "95"),
];

/// `demo`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DemoOptions {
    /// Devices of the simulated tenant, at least 1.
    pub(crate) devices: u32,
    /// The simulation's seed.
    pub(crate) seed: Option<u64>,
    /// How fast, and what happens on errors.
    pub(crate) pace: Given,
    /// What is shown.
    pub(crate) output: OutputOptions,
}

impl DemoOptions {
    /// The `sync` of the whole simulated fleet, whose Graph is at `graph`.
    pub(crate) fn job(&self, graph: Origin) -> JobOptions {
        JobOptions::of_whole_fleet(graph, self.pace.clone(), self.output)
    }
}

/// `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Devices of the simulated tenant, 1 to 1000000
    #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000, "devices"), default_value = "600",
        allow_hyphen_values = true, help_heading = "Job")]
    pub(super) devices: u32,
    /// Seed of the simulation: the same seed makes the same tenant
    #[arg(long, value_name = "N", value_parser = seed, allow_hyphen_values = true, help_heading = "Job")]
    pub(super) seed: Option<u64>,
    #[command(flatten)]
    pub(super) pace: Settings<Pace>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

impl TryFrom<DemoArgs> for DemoOptions {
    type Error = Advice;

    fn try_from(args: DemoArgs) -> Result<Self, Advice> {
        Ok(Self {
            devices: args.devices,
            seed: args.seed,
            pace: args.pace.given,
            output: args.output.try_into()?,
        })
    }
}
