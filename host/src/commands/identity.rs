//! The token source that a command's options name.

use std::sync::Arc;

use intune_sync_egress::{HttpClient, TokenClient};
use intune_sync_identity::{App, Authority, Naming, TokenError};
use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;

use super::Failure;
use crate::{
    cli::{Auth, Cloud},
    identity::{
        AzureCli, EntraApp, Environment, Federation, ManagedIdentity, TokenFile, TokenSource,
    },
};

/// Why there is no token source.
#[derive(Debug)]
pub(crate) enum NoSource {
    /// There is no such identity here.
    Absent(Advice),
    /// A file that a flag names cannot be used.
    Unusable(Advice),
}

impl NoSource {
    fn absent(error: TokenError) -> Self {
        Self::Absent(error.into())
    }

    fn unusable(error: TokenError) -> Self {
        Self::Unusable(error.into())
    }
}

impl From<NoSource> for Failure {
    fn from(error: NoSource) -> Self {
        match error {
            NoSource::Absent(advice) => Self::new(ExitStatus::NotAuthorized, advice),
            NoSource::Unusable(advice) => Self::new(ExitStatus::Usage, advice),
        }
    }
}

/// The token source that the options name. Nothing is requested of it yet. `client` is for what is not on this machine;
/// managed identities are reached without it.
///
/// # Errors
///
/// When there is none: no identity here, no such file.
pub(crate) fn source(
    auth: &Auth,
    cloud: Cloud,
    environment: &Environment,
    client: &HttpClient,
) -> Result<Arc<dyn TokenSource>, NoSource> {
    Ok(match auth {
        Auth::ManagedIdentity { user_assigned } => {
            let identity = ManagedIdentity::new(environment, user_assigned.clone());
            Arc::new(identity.map_err(NoSource::absent)?)
        }
        Auth::WorkloadIdentity {
            tenant,
            client_id,
            token_file,
        } => {
            let authority = authority(cloud, environment)?;
            let flags = Federation {
                tenant: tenant.clone(),
                client_id: *client_id,
                token_file: token_file.clone(),
            };
            let app = EntraApp::federated(
                authority,
                flags,
                environment,
                TokenClient::new(client.clone()),
            );
            Arc::new(app.map_err(NoSource::absent)?)
        }
        Auth::AzureCli { tenant } => Arc::new(AzureCli::new(tenant.clone())),
        Auth::ClientSecret {
            tenant,
            client_id,
            secret_file,
        } => {
            let app = App {
                authority: authority(cloud, environment)?,
                tenant: tenant.clone(),
                client_id: *client_id,
            };
            let app = EntraApp::with_secret(app, secret_file, TokenClient::new(client.clone()));
            Arc::new(app.map_err(NoSource::unusable)?)
        }
        Auth::TokenFile(path) => Arc::new(TokenFile::open(path).map_err(NoSource::unusable)?),
    })
}

fn authority(cloud: Cloud, environment: &Environment) -> Result<Authority, NoSource> {
    Authority::new(cloud, environment.authority_host())
        .map_err(|refused| NoSource::Absent(refused.advice(Naming::Flags)))
}

/// There is no token, whatever the reason.
pub(crate) fn not_authorized(error: TokenError) -> Failure {
    Failure::new(ExitStatus::NotAuthorized, error)
}
