//! `grant`: its flags, and what they mean.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use intune_sync_egress::grant::{Name, Role};
use intune_sync_ids::{Guid, Origin};
use intune_sync_settings::{Advice, Cloud, number::Refused, terms};

use super::groups::{
    connection::GraphArgs,
    identity::{Auth, IdentityArgs},
    output::ReportOptions,
};

/// `grant`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GrantOptions {
    /// Who gets the roles, or loses them.
    pub(crate) whom: Whom,
    /// What they are.
    pub(crate) kind: PrincipalType,
    /// The roles in question.
    pub(crate) roles: [Role; 2],
    /// Whether they are given or taken away.
    pub(crate) purpose: Purpose,
    /// Look, and change nothing.
    pub(crate) dry_run: bool,
    /// Do not ask before something is changed.
    pub(crate) yes: bool,
    /// The tenant's cloud: it decides the token's scope.
    pub(crate) cloud: Cloud,
    /// Where Graph is.
    pub(crate) graph: Origin,
    /// Where the administrator's token comes from.
    pub(crate) auth: Auth,
    /// PEM file with certificate authorities to trust in addition to the system's own. Not yet read.
    pub(crate) ca_file: Option<PathBuf>,
    /// What the report shows, and how.
    pub(crate) report: ReportOptions,
}

/// Who gets the roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whom {
    /// The service principal with this object id.
    Id(Guid),
    /// The one of this name.
    Name(Name),
}

/// What a service principal is the directory's entry of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum PrincipalType {
    /// A managed identity
    #[default]
    ManagedIdentity,
    /// An application with a secret or a federated credential
    Application,
}

impl PrincipalType {
    /// Its name in Graph.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ManagedIdentity => "ManagedIdentity",
            Self::Application => "Application",
        }
    }
}

/// What to do with the roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// They are given.
    Assign,
    /// They are taken away.
    Revoke,
}

pub(super) const NEEDS_AND_EXIT_CODES: &str = "Examples:
  intune-sync grant --name my-function-app --dry-run
  intune-sync grant --principal-id ID --groups          also the two that `--group` takes

The administrator needs to be a Privileged Role Administrator or Global \
    Administrator, and the sign-in needs `AppRoleAssignment.ReadWrite.All` and `Application.Read.All` for Microsoft \
    Graph. Since that sign-in is not the job's, neither `INTUNE_SYNC_*` variables nor a config file are read.

Azure keeps a managed identity's token for up to 24 hours: one from before the grant lacks the permissions. \
    `intune-sync doctor`, where the job runs, says whether they have arrived.

Exit codes:
  0    the permissions are as wanted; with `--dry-run`: what would change is known
  1    it failed, or the identity was not found
  2    wrong usage
  4    not authorized: the administrator's sign-in lacks a token or a permission
  5    nothing was changed, since the reply to the question was no
  130  interrupted by Ctrl-C";

/// `grant`.
#[derive(Debug, Args)]
pub(super) struct GrantArgs {
    /// Object (principal) id of the managed identity
    #[arg(long, value_name = "ID", value_parser = terms::guid, help_heading = "Job")]
    pub(super) principal_id: Option<Guid>,
    /// Name of the managed identity, instead of its id: for a system-assigned one, the name of the machine or app
    #[arg(long, value_name = "NAME", value_parser = name, help_heading = "Job")]
    pub(super) name: Option<Name>,
    /// What it is: anyone may register an application of any name, so nothing is given to one unless this says so
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_enum,
        default_value_t,
        help_heading = "Job"
    )]
    pub(super) kind: PrincipalType,
    /// Give the runbook's `ReadWrite.All` instead of `Read.All`: more than a sync needs
    #[arg(long, help_heading = "Job")]
    pub(super) read_write: bool,
    /// The two permissions that `--group` needs besides, `GroupMember.Read.All` and `Device.Read.All`, and no others
    #[arg(long, help_heading = "Job")]
    pub(super) groups: bool,
    /// Take the permissions away instead of giving them
    #[arg(long, help_heading = "Job")]
    pub(super) revoke: bool,
    /// Show what would change, and change nothing
    #[arg(long, help_heading = "Job")]
    pub(super) dry_run: bool,
    /// Skip the confirmation that a terminal asks for
    #[arg(long, short, help_heading = "Job")]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) graph: GraphArgs,
    #[command(flatten)]
    pub(super) identity: IdentityArgs,
    #[command(flatten)]
    pub(super) report: ReportOptions,
}

impl TryFrom<GrantArgs> for GrantOptions {
    type Error = Advice;

    fn try_from(args: GrantArgs) -> Result<Self, Advice> {
        let whom = match (args.principal_id, args.name) {
            (Some(id), None) => Whom::Id(id),
            (None, Some(name)) => Whom::Name(name),
            (None, None) => {
                return Err(Advice::new(
                    "`grant` needs to know which identity is meant",
                    "name it with `--principal-id ID`, its object id, or with `--name NAME`",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Advice::new(
                    "`--principal-id` and `--name` are not allowed together: each names the one identity",
                    "leave `--principal-id` or `--name` out",
                ));
            }
        };
        let roles = match (args.groups, args.read_write) {
            (true, true) => {
                return Err(Advice::new(
                    "`--groups` and `--read-write` are not allowed together: `--groups` concerns no devices of Intune",
                    "leave `--groups` or `--read-write` out, and run it twice for both",
                ));
            }
            (true, false) => Role::GROUPS,
            (false, true) => [Role::ReadWrite, Role::PrivilegedOperations],
            (false, false) => [Role::Read, Role::PrivilegedOperations],
        };
        Ok(Self {
            whom,
            kind: args.kind,
            roles,
            purpose: if args.revoke {
                Purpose::Revoke
            } else {
                Purpose::Assign
            },
            dry_run: args.dry_run,
            yes: args.yes,
            cloud: args.graph.cloud,
            graph: args.graph.root(),
            auth: args.identity.try_into()?,
            ca_file: args.graph.ca_file,
            report: args.report,
        })
    }
}

fn name(text: &str) -> Result<Name, Refused> {
    text.trim()
        .parse()
        .map_err(|_| Refused("it takes a name of 1 to 256 characters".into()))
}
