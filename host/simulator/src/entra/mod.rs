//! Entra ID: the tenant's directory, its token endpoint, the managed identity endpoints, and the tokens they issue.

mod certificate;
pub(crate) mod directory;
pub(crate) mod groups;
pub(crate) mod job_tokens;
pub(crate) mod managed_identity;
pub(crate) mod token_endpoint;
pub(crate) mod tokens;
