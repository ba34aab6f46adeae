//! The token source that the identity flags ask for.

use std::sync::Arc;

use intune_sync_identity::{Authority, Naming};

use super::Failure;
use crate::{
    cli::{Auth, Cloud, UserAssigned},
    http_client::HttpClient,
    identity::{
        App, Assigned, AzureCli, EntraApp, Environment, Federation, ManagedIdentity, TokenError,
        TokenFile, TokenSource,
    },
};

/// The token source that the options ask for. Nothing is asked of it yet. `client` is for what is not on this machine;
/// managed identities are asked without it.
///
/// # Errors
///
/// When there is none: no identity here, no such file.
pub(crate) fn source(
    auth: &Auth,
    cloud: Cloud,
    environment: &Environment,
    client: &Arc<HttpClient>,
) -> Result<Arc<dyn TokenSource>, Failure> {
    Ok(match auth {
        Auth::ManagedIdentity { user_assigned } => {
            let assigned = match user_assigned {
                None => Assigned::System,
                Some(UserAssigned::Client(id)) => Assigned::ClientId(id.to_string()),
                Some(UserAssigned::Object(id)) => Assigned::ObjectId(id.to_string()),
                Some(UserAssigned::Resource(id)) => Assigned::ResourceId(id.clone()),
            };
            Arc::new(ManagedIdentity::new(environment, assigned).map_err(not_authorized)?)
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
            let app = EntraApp::federated(authority, flags, environment, Arc::clone(client));
            Arc::new(app.map_err(not_authorized)?)
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
            let app = EntraApp::with_secret(app, secret_file, Arc::clone(client));
            Arc::new(app.map_err(wrong_usage)?)
        }
        Auth::TokenFile(path) => Arc::new(TokenFile::open(path).map_err(wrong_usage)?),
    })
}

fn authority(cloud: Cloud, environment: &Environment) -> Result<Authority, Failure> {
    Authority::new(cloud, environment.authority_host()).map_err(|refused| {
        let advice = refused.advice(Naming::Flags);
        Failure::not_authorized(advice.message, advice.hint)
    })
}

/// There is no token, whatever the reason.
pub(crate) fn not_authorized(TokenError { message, hint, .. }: TokenError) -> Failure {
    Failure::not_authorized(message, hint)
}

/// A file that a flag names is of no use.
fn wrong_usage(TokenError { message, hint, .. }: TokenError) -> Failure {
    Failure::usage(message, hint)
}
