//! `doctor`: its flags, and what they mean.

use std::path::PathBuf;

use clap::Args;
use intune_sync_identity::TenantId;
use intune_sync_ids::{Guid, Origin};
use intune_sync_settings::{Advice, Cloud, terms};

use super::groups::{
    config::ConfigFileArgs,
    connection::GraphArgs,
    entra::EntraGroups,
    help,
    identity::{Auth, AuthKind, IdentityArgs},
    notification::{WebhookArgs, WebhookOptions},
    output::ReportOptions,
};

/// `doctor`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DoctorOptions {
    /// The device that a sync is requested of.
    pub(crate) probe: Option<Guid>,
    /// The groups that the job names.
    pub(crate) groups: EntraGroups,
    /// The tenant that the token must be of.
    pub(crate) tenant: Option<TenantId>,
    /// The tenant's cloud: it decides the token's scope and audience.
    pub(crate) cloud: Cloud,
    /// Where Graph is.
    pub(crate) graph: Origin,
    /// Where tokens come from.
    pub(crate) auth: Auth,
    /// PEM file with certificate authorities to trust in addition to the system's own. Not yet read.
    pub(crate) ca_file: Option<PathBuf>,
    /// The webhook that gets messages about runs.
    pub(crate) webhook: WebhookOptions,
    /// What the report shows, and how.
    pub(crate) report: ReportOptions,
}

pub(super) const SOURCES_AND_EXIT_CODES: &str = "Examples:
  intune-sync doctor                                    with the managed identity of this machine
  intune-sync doctor --auth azure-cli --tenant-id contoso.com
  intune-sync doctor --probe ID                         also whether a sync is allowed

Each flag can also be set by a variable, `INTUNE_SYNC_` and the \
    flag's name in capitals, or in the file named by `--config`, as for `sync`: so it looks at the job's own \
    set-up. Run it where the job runs, as the user that the job runs as.

Exit codes:
  0    everything that was looked at is fine
  1    it cannot work here, for another reason than a missing permission
  2    wrong usage
  4    not authorized: a token or a permission is missing
  130  interrupted by Ctrl-C";

/// `doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Also request one real sync, of the device with this Intune device id: the only way to find out whether syncs are
    /// allowed
    #[arg(long, value_name = "DEVICE", value_parser = terms::guid, help_heading = "Job")]
    pub(super) probe: Option<Guid>,
    #[arg(long, value_name = "GROUP", help = help("group"), help_heading = "Selection")]
    pub(super) group: Vec<String>,
    #[arg(long, value_name = "GROUP", help = help("exclude-group"), help_heading = "Selection")]
    pub(super) exclude_group: Vec<String>,
    #[command(flatten)]
    pub(super) graph: GraphArgs,
    #[command(flatten)]
    pub(super) identity: IdentityArgs,
    #[command(flatten)]
    pub(super) webhook: WebhookArgs,
    #[command(flatten)]
    pub(super) report: ReportOptions,
    #[command(flatten)]
    pub(super) config: ConfigFileArgs,
}

impl TryFrom<DoctorArgs> for DoctorOptions {
    type Error = Advice;

    fn try_from(mut args: DoctorArgs) -> Result<Self, Advice> {
        let tenant = match args.identity.auth {
            // These belong to one tenant already: the token is only compared with it.
            AuthKind::ManagedIdentity | AuthKind::TokenFile => args.identity.tenant_id.take(),
            AuthKind::WorkloadIdentity
            | AuthKind::AzureCli
            | AuthKind::ClientSecret
            | AuthKind::ClientCertificate
            | AuthKind::GithubActions
            | AuthKind::AzurePipelines => args.identity.tenant_id.clone(),
        };
        Ok(Self {
            probe: args.probe,
            groups: EntraGroups::named(&args.group, &args.exclude_group)?,
            tenant,
            cloud: args.graph.cloud,
            graph: args.graph.root(),
            auth: args.identity.try_into()?,
            ca_file: args.graph.ca_file,
            webhook: args.webhook.options()?,
            report: args.report,
        })
    }
}
