use std::sync::Arc;

use super::Failure;
use crate::{
    cli::{Auth, UserAssigned},
    identity::{Assigned, Environment, ManagedIdentity, TokenError, TokenFile, TokenSource},
};

/// The token source that the options ask for. Nothing is asked of it yet.
///
/// # Errors
///
/// When there is none: no identity here, no such file.
pub(crate) fn source(
    auth: &Auth,
    environment: &Environment,
) -> Result<Arc<dyn TokenSource>, Failure> {
    match auth {
        Auth::TokenFile(path) => {
            let file = TokenFile::open(path)
                .map_err(|TokenError { message, hint, .. }| Failure::usage(message, hint))?;
            Ok(Arc::new(file))
        }
        Auth::ManagedIdentity { user_assigned } => {
            let assigned = match user_assigned {
                None => Assigned::System,
                Some(UserAssigned::Client(id)) => Assigned::ClientId(id.to_string()),
                Some(UserAssigned::Object(id)) => Assigned::ObjectId(id.to_string()),
                Some(UserAssigned::Resource(id)) => Assigned::ResourceId(id.clone()),
            };
            let identity = ManagedIdentity::new(environment, assigned).map_err(not_authorized)?;
            Ok(Arc::new(identity))
        }
    }
}

/// There is no token, whatever the reason.
pub(crate) fn not_authorized(TokenError { message, hint, .. }: TokenError) -> Failure {
    Failure::not_authorized(message, hint)
}
