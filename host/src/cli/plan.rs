//! `plan`: the flags of a job, and nothing else.

use clap::Args;
use intune_sync_settings::Advice;
use intune_sync_wit::Purpose;

use super::job::{JobArgs, JobOptions};

/// `plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    job: JobArgs,
}

impl TryFrom<PlanArgs> for JobOptions {
    type Error = Advice;

    fn try_from(args: PlanArgs) -> Result<Self, Advice> {
        args.job.options(Purpose::Plan)
    }
}
