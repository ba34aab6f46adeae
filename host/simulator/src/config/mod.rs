//! Everything that decides how the simulator behaves.
//!
//! The defaults are a healthy tenant: a thousand devices that can all be synced, the documented quotas, no faults.

mod bulk;
mod directory;
mod faults;
mod fleet;
mod groups;
mod identity;
mod list;
mod quota;
mod retry_after;
mod share;
mod tokens;

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

pub use self::{
    bulk::{BulkConfig, BulkCost, BulkRefusal},
    directory::{DirectoryConfig, PrincipalConfig},
    faults::{Fault, FaultsConfig},
    fleet::{FleetConfig, Platforms},
    groups::{GroupConfig, GroupsConfig},
    identity::{EntraConfig, ExpiresIn, ExpiresOn, IdentityConfig, PipelinesConfig},
    list::{ListConfig, NextLink},
    quota::{Quota, QuotaChange, QuotaKind},
    retry_after::{RetryAfterConfig, RetryAfterForm},
    share::{Share, ShareError},
    tokens::{Approval, TokensConfig},
};

/// Everything that decides how the simulator behaves. The same configuration and the same requests in the same order
/// give the same responses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where every random choice comes from.
    pub seed: u64,
    /// Time of day at the start, in milliseconds since 1970. `None`: as the machine's clock says.
    pub started_at: Option<u64>,
    /// How far the tenant's clock is ahead of the machine's, in milliseconds; negative if it is behind. This is what a
    /// machine with a wrong clock sees.
    pub clock_ahead_ms: i64,
    /// The origin that `@odata.nextLink` begins with. `None`: the request's own, from its URL or its `Host`.
    pub origin: Option<String>,
    /// The devices.
    pub fleet: FleetConfig,
    /// How the list is paged.
    pub list: ListConfig,
    /// The calling app's quota for writes: each sync costs 1, also within a `$batch`.
    pub quota: Quota,
    /// The calling app's quota for requests of any kind.
    pub requests: Quota,
    /// How a throttled caller learns when to come back.
    pub retry_after: RetryAfterConfig,
    /// How long responses take.
    pub latency: Latency,
    /// What goes wrong.
    pub faults: FaultsConfig,
    /// The bulk action.
    pub bulk: BulkConfig,
    /// Tokens and permissions.
    pub tokens: TokensConfig,
    /// The identity endpoints of Azure's platforms.
    pub identity: IdentityConfig,
    /// Service principals and their app roles.
    pub directory: DirectoryConfig,
    /// Groups and their members.
    pub groups: GroupsConfig,
    /// Entra ID's token endpoint.
    pub entra: EntraConfig,
    /// Systems that issue tokens to jobs, in which Entra ID trusts.
    pub pipelines: PipelinesConfig,
    /// What the message of an error looks like.
    pub error_style: ErrorStyle,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            started_at: None,
            clock_ahead_ms: 0,
            origin: None,
            fleet: FleetConfig::default(),
            list: ListConfig::default(),
            quota: Quota::default(),
            requests: Quota {
                limit: NonZeroU32::new(2_000).expect("2,000 is not 0"),
                ..Quota::default()
            },
            retry_after: RetryAfterConfig::default(),
            latency: Latency::default(),
            faults: FaultsConfig::default(),
            bulk: BulkConfig::default(),
            tokens: TokensConfig::default(),
            identity: IdentityConfig::default(),
            directory: DirectoryConfig::default(),
            groups: GroupsConfig::default(),
            entra: EntraConfig::default(),
            pipelines: PipelinesConfig::default(),
            error_style: ErrorStyle::default(),
        }
    }
}

/// How long responses take, in milliseconds: half of it passes before the request is executed, half after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// The shortest.
    pub min_ms: u32,
    /// The longest.
    pub max_ms: u32,
}

/// What the message of an error looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorStyle {
    /// A sentence.
    #[default]
    Plain,
    /// JSON text, as in Intune's own errors.
    Intune,
    /// Either, at random.
    Mixed,
}
