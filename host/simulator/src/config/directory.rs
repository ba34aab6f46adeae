//! The directory of the tenant: its service principals, and who may assign app roles to them.

use serde::{Deserialize, Serialize};

/// The directory of the tenant. It always has the service principals of Microsoft Graph and of the identity; the roles
/// that the identity has at the start are [`crate::TokensConfig::roles`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DirectoryConfig {
    /// `displayName` of the identity.
    pub name: String,
    /// Other service principals.
    pub principals: Vec<PrincipalConfig>,
    /// An administrator's token, accepted without having been issued. It does not expire.
    pub admin_token: Option<String>,
    /// The scopes that the administrator has consented to.
    pub admin_scopes: Vec<String>,
    /// This many reads that name the identity's service principal fail with 404, as if it were not replicated yet.
    pub unreplicated_reads: u32,
    /// This many assignments to it fail with 400 and 404 in turn, for the same reason.
    pub unreplicated_assignments: u32,
}

impl Default for DirectoryConfig {
    fn default() -> Self {
        Self {
            name: "intune-sync".into(),
            principals: Vec::new(),
            admin_token: None,
            admin_scopes: vec![
                "AppRoleAssignment.ReadWrite.All".into(),
                "Application.Read.All".into(),
            ],
            unreplicated_reads: 0,
            unreplicated_assignments: 0,
        }
    }
}

/// A service principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrincipalConfig {
    /// Its object id, a GUID.
    pub id: String,
    /// The id of its application, a GUID.
    pub app_id: String,
    /// Its `displayName`.
    pub name: String,
    /// Its `servicePrincipalType`: `ManagedIdentity`, `Application`.
    pub kind: String,
}
