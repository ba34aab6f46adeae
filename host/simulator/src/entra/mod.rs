//! Entra ID: the tenant's directory, its token endpoint, the managed identity endpoints, and the tokens they issue.

pub(crate) mod directory;
pub(crate) mod managed_identity;
pub(crate) mod token_endpoint;
pub(crate) mod tokens;
