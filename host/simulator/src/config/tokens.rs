//! Tokens and permissions.

use serde::{Deserialize, Serialize};

/// Tokens and permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokensConfig {
    /// How long a token lasts, in seconds.
    pub lifetime_seconds: u32,
    /// A token that is accepted without having been issued, for clients that read theirs from a file. It does not
    /// expire, and cannot be revoked.
    pub fixed: Option<String>,
    /// All tokens issued so far are revoked once this many writes were admitted; in ascending order.
    pub revoke_after_writes: Vec<u64>,
    /// Once this many writes were admitted, every token is rejected; 0: from the start.
    pub refuse_after_writes: Option<u64>,
    /// The app roles of the identity at the start. A token has those that are assigned when it is issued.
    pub roles: Vec<String>,
    /// The first token was issued this many seconds before it is requested, with the roles of the start: as from
    /// Azure's cache, for an identity that was in use before a role was granted.
    pub first_issued_seconds_ago: u32,
    /// The tenant in the tokens' claims.
    pub tenant: String,
    /// The role to sync is lost once this many writes were admitted.
    pub role_lost_after_writes: Option<u64>,
    /// How Multi Admin Approval blocks syncs, if it does.
    pub approval: Option<Approval>,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self {
            lifetime_seconds: 24 * 60 * 60,
            fixed: None,
            revoke_after_writes: Vec::new(),
            refuse_after_writes: None,
            roles: vec![
                "DeviceManagementManagedDevices.Read.All".into(),
                "DeviceManagementManagedDevices.PrivilegedOperations.All".into(),
            ],
            first_issued_seconds_ago: 0,
            tenant: "00000000-0000-4000-8000-00000000beef".into(),
            role_lost_after_writes: None,
            approval: None,
        }
    }
}

/// How Multi Admin Approval blocks a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// 400.
    BadRequest,
    /// 403.
    Forbidden,
    /// 412, with another header and no word of it in the message.
    Pending,
}
