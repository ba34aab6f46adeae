//! `sync`: its flags, and what they mean.

use clap::Args;
use intune_sync_settings::Advice;
use intune_sync_wit::Purpose;

use super::job::{JobArgs, JobOptions};

/// `sync`.
#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// End before the first write, as `plan` does
    #[arg(long, help_heading = "Job")]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) job: JobArgs,
}

impl TryFrom<SyncArgs> for JobOptions {
    type Error = Advice;

    fn try_from(args: SyncArgs) -> Result<Self, Advice> {
        args.job.options(match args.dry_run {
            true => Purpose::Plan,
            false => Purpose::Sync,
        })
    }
}
