//! Where tokens come from: `--auth`, and which of the other identity flags go with it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use intune_sync_identity::{TenantId, UserAssigned};
use intune_sync_ids::Guid;
use intune_sync_settings::{
    Advice,
    number::Refused,
    terms::{guid, resource_id},
};

use super::help;
use crate::identity::{AppFlags, Federation};

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Auth {
    /// The managed identity of the machine, the system-assigned one unless another is named.
    ManagedIdentity {
        /// The user-assigned identity to use.
        user_assigned: Option<UserAssigned>,
    },
    /// An identity that trusts the issuer of a token in a file. Fields that are `None` come from the platform's
    /// variables.
    WorkloadIdentity(Federation),
    /// The user that is signed in to the Azure CLI.
    AzureCli {
        /// The tenant, instead of the CLI's own choice.
        tenant: Option<TenantId>,
    },
    /// An app registration with a client secret.
    ClientSecret {
        /// The app's tenant.
        tenant: TenantId,
        /// The app's client id.
        client_id: Guid,
        /// The file with its secret; `-` is standard input. Not yet read.
        secret_file: PathBuf,
    },
    /// An app registration with a certificate.
    ClientCertificate {
        /// The app's tenant.
        tenant: TenantId,
        /// The app's client id.
        client_id: Guid,
        /// The file with the certificate and its key; `-` is standard input. Not yet read.
        certificate_file: PathBuf,
        /// The file with its password; `-` is standard input. Not yet read.
        password_file: Option<PathBuf>,
    },
    /// An identity that trusts the job of GitHub Actions that this is. Fields that are `None` come from variables.
    GithubActions(AppFlags),
    /// An identity that trusts a service connection of Azure Pipelines. Fields that are `None` come from variables.
    AzurePipelines {
        /// The identity.
        app: AppFlags,
        /// The service connection, instead of the task's own.
        connection: Option<Guid>,
    },
    /// A file that holds a token. Not yet read.
    TokenFile(PathBuf),
}

/// Where tokens come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum AuthKind {
    /// The managed identity of this machine, container or app
    #[default]
    ManagedIdentity,
    /// An identity that trusts the token issuer of this platform, as in AKS
    WorkloadIdentity,
    /// The user that is signed in to the Azure CLI
    AzureCli,
    /// An app registration with the secret in `--client-secret-file`
    ClientSecret,
    /// An app registration with the certificate in `--client-certificate-file`
    ClientCertificate,
    /// An identity that trusts the job of GitHub Actions that this is
    GithubActions,
    /// An identity that trusts a service connection of Azure Pipelines
    AzurePipelines,
    /// The access token in the file named by `--token-file`
    TokenFile,
}

/// Which identity requests the token, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Identity")]
pub(in crate::cli) struct IdentityArgs {
    #[arg(long, value_name = "SOURCE", value_enum, default_value_t, help = help("auth"))]
    pub(in crate::cli) auth: AuthKind,
    /// File with a token, read again when that runs out
    ///
    /// For `--auth token-file` an access token for Graph. For `--auth workload-identity` the token of the issuer that
    /// the identity trusts, instead of `AZURE_FEDERATED_TOKEN_FILE`.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) token_file: Option<PathBuf>,
    /// File with the client secret, for `--auth client-secret`; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) client_secret_file: Option<PathBuf>,
    /// File with a certificate and its private key, for `--auth client-certificate`: PEM or PFX; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) client_certificate_file: Option<PathBuf>,
    /// File with the password of the PFX file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) client_certificate_password_file: Option<PathBuf>,
    /// The service connection of Azure Pipelines, by its id, instead of the task's own
    #[arg(long, value_name = "ID", value_parser = guid)]
    pub(in crate::cli) service_connection_id: Option<Guid>,
    #[arg(long, value_name = "TENANT", value_parser = tenant, help = help("tenant-id"))]
    pub(in crate::cli) tenant_id: Option<TenantId>,
    #[arg(long, value_name = "ID", value_parser = guid, help = help("client-id"))]
    pub(in crate::cli) client_id: Option<Guid>,
    #[arg(long, value_name = "ID", value_parser = guid, help = help("object-id"))]
    pub(in crate::cli) object_id: Option<Guid>,
    #[arg(long, value_name = "ID", value_parser = resource_id, help = help("resource-id"))]
    pub(in crate::cli) resource_id: Option<String>,
}

impl AuthKind {
    /// The flags besides `--auth` that go with it.
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::ManagedIdentity => &["--client-id", "--object-id", "--resource-id"],
            Self::WorkloadIdentity => &["--token-file", "--tenant-id", "--client-id"],
            Self::AzureCli => &["--tenant-id"],
            Self::ClientSecret => &["--client-secret-file", "--tenant-id", "--client-id"],
            Self::ClientCertificate => &[
                "--client-certificate-file",
                "--client-certificate-password-file",
                "--tenant-id",
                "--client-id",
            ],
            Self::GithubActions => &["--tenant-id", "--client-id"],
            Self::AzurePipelines => &["--service-connection-id", "--tenant-id", "--client-id"],
            Self::TokenFile => &["--token-file"],
        }
    }
}

impl TryFrom<IdentityArgs> for Auth {
    type Error = Advice;

    fn try_from(args: IdentityArgs) -> Result<Self, Advice> {
        let kind = args.auth;
        if let Some((flag, value)) = args
            .given()
            .into_iter()
            .find(|(flag, _)| !kind.flags().contains(flag))
        {
            return Err(misplaced(flag, &value, kind));
        }
        Ok(match kind {
            AuthKind::ManagedIdentity => Self::ManagedIdentity {
                user_assigned: user_assigned(args)?,
            },
            AuthKind::WorkloadIdentity => Self::WorkloadIdentity(Federation {
                tenant: args.tenant_id,
                client_id: args.client_id,
                token_file: args.token_file,
            }),
            AuthKind::AzureCli => Self::AzureCli {
                tenant: args.tenant_id,
            },
            AuthKind::ClientSecret => {
                let file = "a file with the client secret, or `-` for standard input";
                Self::ClientSecret {
                    secret_file: needed(
                        args.client_secret_file,
                        kind,
                        "--client-secret-file",
                        file,
                    )?,
                    tenant: needed(args.tenant_id, kind, "--tenant-id", "the app's tenant")?,
                    client_id: needed(args.client_id, kind, "--client-id", "the app's client id")?,
                }
            }
            AuthKind::ClientCertificate => {
                let file = "a file with the certificate and its private key, as PEM or PFX";
                let is_standard_input =
                    |file: &Option<PathBuf>| matches!(file, Some(file) if file.as_os_str() == "-");
                if is_standard_input(&args.client_certificate_file)
                    && is_standard_input(&args.client_certificate_password_file)
                {
                    return Err(both_from_standard_input());
                }
                Self::ClientCertificate {
                    certificate_file: needed(
                        args.client_certificate_file,
                        kind,
                        "--client-certificate-file",
                        file,
                    )?,
                    password_file: args.client_certificate_password_file,
                    tenant: needed(args.tenant_id, kind, "--tenant-id", "the app's tenant")?,
                    client_id: needed(args.client_id, kind, "--client-id", "the app's client id")?,
                }
            }
            AuthKind::GithubActions => Self::GithubActions(AppFlags {
                tenant: args.tenant_id,
                client_id: args.client_id,
            }),
            AuthKind::AzurePipelines => Self::AzurePipelines {
                app: AppFlags {
                    tenant: args.tenant_id,
                    client_id: args.client_id,
                },
                connection: args.service_connection_id,
            },
            AuthKind::TokenFile => {
                let file = "a file with an access token for Graph and nothing else";
                Self::TokenFile(needed(args.token_file, kind, "--token-file", file)?)
            }
        })
    }
}

impl Auth {
    /// Whether a secret is read from standard input, and by which flag.
    pub(in crate::cli) fn reads_standard_input(&self) -> Option<&'static str> {
        let (flag, file) = match self {
            Self::ClientSecret { secret_file, .. } => ("--client-secret-file", secret_file),
            Self::ClientCertificate {
                certificate_file,
                password_file,
                ..
            } => match password_file {
                Some(file) if file.as_os_str() == "-" => {
                    ("--client-certificate-password-file", file)
                }
                _ => ("--client-certificate-file", certificate_file),
            },
            Self::TokenFile(file)
            | Self::WorkloadIdentity(Federation {
                token_file: Some(file),
                ..
            }) => ("--token-file", file),
            _ => return None,
        };
        (file.as_os_str() == "-").then_some(flag)
    }
}

impl IdentityArgs {
    /// The flags besides `--auth` that were given, each with its value.
    fn given(&self) -> Vec<(&'static str, String)> {
        let file = |file: &Option<PathBuf>| file.as_ref().map(|file| file.display().to_string());
        [
            ("--token-file", file(&self.token_file)),
            ("--client-secret-file", file(&self.client_secret_file)),
            (
                "--client-certificate-file",
                file(&self.client_certificate_file),
            ),
            (
                "--client-certificate-password-file",
                file(&self.client_certificate_password_file),
            ),
            (
                "--service-connection-id",
                self.service_connection_id.map(|id| id.to_string()),
            ),
            (
                "--tenant-id",
                self.tenant_id.as_ref().map(ToString::to_string),
            ),
            ("--client-id", self.client_id.map(|id| id.to_string())),
            ("--object-id", self.object_id.map(|id| id.to_string())),
            ("--resource-id", self.resource_id.clone()),
        ]
        .into_iter()
        .filter_map(|(flag, value)| Some((flag, value?)))
        .collect()
    }
}

/// The one identity that is named, if any.
fn user_assigned(args: IdentityArgs) -> Result<Option<UserAssigned>, Advice> {
    if let [(first, _), (second, _), ..] = args.given().as_slice() {
        return Err(Advice::new(
            format!(
                "`{first}` and `{second}` are not allowed together: each names the one identity to use"
            ),
            format!("leave `{first}` or `{second}` out"),
        ));
    }
    let client = args.client_id.map(UserAssigned::Client);
    let object = args.object_id.map(UserAssigned::Object);
    let resource = args.resource_id.map(UserAssigned::Resource);
    Ok(client.or(object).or(resource))
}

fn needed<T>(value: Option<T>, kind: AuthKind, flag: &str, what: &str) -> Result<T, Advice> {
    value.ok_or_else(|| {
        Advice::new(
            format!("`--auth {}` needs `{flag}`", word(&kind)),
            format!("give `{flag}` {what}"),
        )
    })
}

/// Standard input can be read only once.
fn both_from_standard_input() -> Advice {
    let (file, password) = (
        "--client-certificate-file",
        "--client-certificate-password-file",
    );
    Advice::new(
        format!("`{file} -` and `{password} -` are not allowed together: both read standard input"),
        format!("name a file with `{file}` or `{password}`"),
    )
}

/// A flag that does not go with this `--auth`.
fn misplaced(flag: &str, value: &str, kind: AuthKind) -> Advice {
    let others = AuthKind::value_variants()
        .iter()
        .filter(|other| other.flags().contains(&flag));
    let others: Vec<String> = others
        .map(|other| format!("`--auth {}`", word(other)))
        .collect();
    Advice::new(
        format!(
            "`{flag} {value}` is not allowed with `--auth {}`",
            word(&kind)
        ),
        format!("leave `{flag}` out, or use {}", others.join(" or ")),
    )
}

/// A flag's value as it is written.
fn word(kind: &impl ValueEnum) -> String {
    kind.to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

/// A tenant of Entra ID.
fn tenant(text: &str) -> Result<TenantId, Refused> {
    text.parse()
}
