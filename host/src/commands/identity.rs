//! The token source that a command's options name.

use std::sync::Arc;

use intune_sync_egress::{HttpClient, TokenClient};
use intune_sync_identity::{App, Authority, Naming, TokenError};
use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;

use super::Failure;
use crate::{
    cli::{Auth, Cloud},
    embedded,
    identity::{
        AzureCli, CertificateApp, EntraApp, Environment, ManagedIdentity, PipelineApp, TokenFile,
        TokenSource,
    },
    printer::Printer,
};

/// The token source that the options name. Nothing is requested of it yet. `client` is for what is not on this machine;
/// managed identities are reached without it. Warns where others can read a secret.
///
/// # Errors
///
/// Not authorized when there is no such identity here; wrong usage when a file that a flag names cannot be used, or
/// when a pipeline lacks a variable.
pub(crate) fn source(
    auth: &Auth,
    cloud: Cloud,
    environment: &Environment,
    client: &HttpClient,
    printer: &mut Printer,
) -> Result<Arc<dyn TokenSource>, Failure> {
    let absent = |advice: Advice| Failure::new(ExitStatus::NotAuthorized, advice);
    let unusable = |advice: Advice| Failure::new(ExitStatus::Usage, advice);
    let authority =
        || Authority::new(cloud, environment.authority_host(), Naming::Flags).map_err(absent);
    let client = || TokenClient::new(client.clone());
    let mut warn = |warning: Option<Advice>| {
        if let Some(warning) = warning {
            printer.warning(&warning);
        }
    };
    Ok(match auth {
        Auth::ManagedIdentity { user_assigned } => {
            let identity = ManagedIdentity::new(environment, user_assigned.clone());
            Arc::new(identity.map_err(absent)?)
        }
        Auth::WorkloadIdentity(flags) => {
            let app = EntraApp::federated(authority()?, flags.clone(), environment, client());
            Arc::new(app.map_err(absent)?)
        }
        Auth::AzureCli { tenant } => {
            embedded::refuse_process("`--auth azure-cli`", "use another `--auth`")?;
            Arc::new(AzureCli::new(tenant.clone()))
        }
        Auth::ClientSecret {
            tenant,
            client_id,
            secret_file,
        } => {
            let app = App {
                authority: authority()?,
                tenant: tenant.clone(),
                client_id: *client_id,
            };
            let app = EntraApp::with_secret(app, secret_file, client()).map_err(unusable)?;
            warn(app.warning());
            Arc::new(app)
        }
        Auth::ClientCertificate {
            tenant,
            client_id,
            certificate_file,
            password_file,
        } => {
            let app = App {
                authority: authority()?,
                tenant: tenant.clone(),
                client_id: *client_id,
            };
            let app =
                CertificateApp::open(app, certificate_file, password_file.as_deref(), client())
                    .map_err(unusable)?;
            for warning in app.warnings() {
                warn(Some(warning));
            }
            Arc::new(app)
        }
        Auth::GithubActions(flags) => {
            let flags = flags.clone();
            let app = PipelineApp::of_github_actions(authority()?, flags, environment, client());
            Arc::new(app.map_err(unusable)?)
        }
        Auth::AzurePipelines { app, connection } => {
            let flags = (app.clone(), *connection);
            let app = PipelineApp::of_azure_pipelines(authority()?, flags, environment, client());
            Arc::new(app.map_err(unusable)?)
        }
        Auth::TokenFile(path) => {
            let file = TokenFile::open(path).map_err(unusable)?;
            warn(file.warning());
            Arc::new(file)
        }
    })
}

/// There is no token, whatever the reason.
pub(crate) fn not_authorized(error: TokenError) -> Failure {
    Failure::new(ExitStatus::NotAuthorized, error)
}
