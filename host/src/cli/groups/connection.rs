//! Where Graph is, and how it is trusted.

use std::path::PathBuf;

use clap::Args;
use intune_sync_ids::Origin;
use intune_sync_settings::{Cloud, terms};

use super::{choices, help};

/// Where Graph is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Graph")]
pub(in crate::cli) struct GraphArgs {
    #[arg(long, value_name = "CLOUD", value_parser = choices::<Cloud>(), default_value_t, help = help("cloud"))]
    pub(in crate::cli) cloud: Cloud,
    #[arg(long, value_name = "URL", value_parser = terms::origin, help = help("graph-url"))]
    pub(in crate::cli) graph_url: Option<Origin>,
    /// PEM file with certificate authorities to trust in addition to the system's own
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
}

impl GraphArgs {
    /// The address of Graph: the one that is given, or that of the cloud.
    pub(in crate::cli) fn root(&self) -> Origin {
        self.graph_url.clone().unwrap_or_else(|| self.cloud.graph())
    }
}
