//! All that decides how the simulator behaves.
//!
//! The defaults are a healthy tenant: a thousand devices that can all be synced, the documented quotas, no fault.

mod fleet;
mod identity;
mod quota;
mod share;

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

pub use fleet::{FleetConfig, Platforms};
pub use identity::{EntraConfig, ExpiresIn, ExpiresOn, IdentityConfig};
pub use quota::{Quota, QuotaChange, QuotaKind};
pub use share::{Share, ShareError};

/// All that decides how the simulator behaves. The same configuration and the same requests in the same order give
/// the same answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where every random choice comes from.
    pub seed: u64,
    /// Time of day when the simulator starts, in milliseconds since 1970. None: the machine's clock.
    pub started_at: Option<u64>,
    /// The origin that `@odata.nextLink` begins with. None: as the request named it, in its URL or its `Host`.
    pub origin: Option<String>,
    /// The devices.
    pub fleet: FleetConfig,
    /// How the list is paged.
    pub list: ListConfig,
    /// The quota for writes of the calling app: each sync costs 1, within a `$batch` too.
    pub quota: Quota,
    /// The quota for requests of any kind of the calling app.
    pub requests: Quota,
    /// How a throttled caller learns when to come back.
    pub retry_after: RetryAfterConfig,
    /// How long answers take.
    pub latency: Latency,
    /// What goes wrong.
    pub faults: FaultsConfig,
    /// The bulk action.
    pub bulk: BulkConfig,
    /// Tokens and permissions.
    pub tokens: TokensConfig,
    /// The identity endpoints of Azure's platforms.
    pub identity: IdentityConfig,
    /// Entra ID's token endpoint.
    pub entra: EntraConfig,
    /// What the message of an error looks like.
    pub error_style: ErrorStyle,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            started_at: None,
            origin: None,
            fleet: FleetConfig::default(),
            list: ListConfig::default(),
            quota: Quota::default(),
            requests: Quota {
                limit: non_zero(2_000),
                ..Quota::default()
            },
            retry_after: RetryAfterConfig::default(),
            latency: Latency::default(),
            faults: FaultsConfig::default(),
            bulk: BulkConfig::default(),
            tokens: TokensConfig::default(),
            identity: IdentityConfig::default(),
            entra: EntraConfig::default(),
            error_style: ErrorStyle::default(),
        }
    }
}

/// How the list is paged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListConfig {
    /// Devices on a page, also the most that `$top` gives.
    pub page_size: NonZeroU32,
    /// Share of devices that are listed again on the following page.
    pub duplicates: Share,
    /// Share of devices that are missing on their page and appear on the following one.
    pub late: Share,
    /// Share of pages that are empty although more follow.
    pub empty_pages: Share,
    /// Where `@odata.nextLink` leads.
    pub next_link: NextLink,
    /// This page, counted from 1, answers 504 for ever.
    pub broken_page: Option<u32>,
    /// Every `$filter` is silently ignored, as Graph does with those it does not support.
    pub ignore_filters: bool,
}

impl Default for ListConfig {
    fn default() -> Self {
        Self {
            page_size: non_zero(1_000),
            duplicates: Share::NONE,
            late: Share::NONE,
            empty_pages: Share::NONE,
            next_link: NextLink::Next,
            broken_page: None,
            ignore_filters: false,
        }
    }
}

/// Where `@odata.nextLink` leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextLink {
    /// To the next page; absent on the last one.
    Next,
    /// To the next page on another origin (`https://graph.example.com`), to which no token must go.
    OtherOrigin,
    /// To the page it stands on, from the second page on, or the last where there is one page only.
    Loop,
    /// On for ever: after the last page the first one follows again, under a link not seen before.
    Endless,
    /// On for ever: after the last page come empty ones, each under a link not seen before.
    EndlessEmpty,
}

/// How a throttled caller learns when to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryAfterConfig {
    /// How it is told.
    pub form: RetryAfterForm,
    /// No wait is shorter, in milliseconds.
    pub min_ms: u32,
    /// Wait named by a 503, in milliseconds.
    pub unavailable_ms: u32,
    /// A call that comes too early is refused, and makes the wait so many milliseconds longer. 0: it is treated like
    /// any other.
    pub early_penalty_ms: u32,
    /// How long an answer may take to reach the caller, in milliseconds: what arrives so soon after a throttled
    /// answer was sent may have crossed it, and is not early.
    pub grace_ms: u32,
}

impl Default for RetryAfterConfig {
    fn default() -> Self {
        Self {
            form: RetryAfterForm::Seconds,
            min_ms: 1_000,
            unavailable_ms: 2_000,
            early_penalty_ms: 0,
            grace_ms: 10,
        }
    }
}

/// How a wait is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfterForm {
    /// `Retry-After: 3`, rounded up.
    Seconds,
    /// `Retry-After: 2.128`.
    Decimal,
    /// `Retry-After: Mon, 23 Nov 2026 04:50:00 GMT`, rounded up.
    Date,
    /// No header: `RetryAfter` in the JSON text that Intune puts in the message, in whole seconds.
    Body,
    /// Not at all.
    Missing,
    /// Each of these in turn, by chance.
    Mixed,
}

/// How long answers take, in milliseconds; half of it passes before the request is carried out, half after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// At least.
    pub min_ms: u32,
    /// At most.
    pub max_ms: u32,
}

/// What goes wrong, each with its probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultsConfig {
    /// Statuses of the answers that fail.
    pub statuses: Vec<u16>,
    /// A single sync fails.
    pub single: Share,
    /// A `$batch` fails as a whole, before anything is carried out.
    pub envelope: Share,
    /// An item of a `$batch` fails.
    pub item: Share,
    /// A page of the list fails.
    pub page: Share,
    /// An `executeAction` fails as a whole, before anything is carried out.
    pub bulk: Share,
    /// A device of an `executeAction` is reported in `failedDeviceIds`.
    pub bulk_device: Share,
    /// A 503 carries a Retry-After.
    pub unavailable_retry_after: Share,
    /// The connection is closed without an answer, before anything is carried out.
    pub drop_before: Share,
    /// The connection is closed without an answer, after all was carried out.
    pub drop_after: Share,
    /// A page of HTML with status 200 comes in place of the JSON of a list, a `$batch` or an `executeAction`, after
    /// all was carried out.
    pub html: Share,
    /// HTML is spliced into the JSON that answers a `$batch`.
    pub html_spliced: Share,
    /// An item is missing in the answer to a `$batch`.
    pub item_lost: Share,
    /// The items of the answer to a `$batch` are in another order.
    pub items_shuffled: Share,
    /// An item is carried out although it answers 429.
    pub item_false_429: Share,
    /// A `$batch` is answered 424, before anything is carried out.
    pub envelope_424: Share,
    /// Only the first so many attempts for a device meet one of the faults above. None: all do.
    pub first_attempts: Option<u16>,
}

impl Default for FaultsConfig {
    fn default() -> Self {
        Self {
            statuses: vec![500, 502, 503, 504],
            single: Share::NONE,
            envelope: Share::NONE,
            item: Share::NONE,
            page: Share::NONE,
            bulk: Share::NONE,
            bulk_device: Share::NONE,
            unavailable_retry_after: Share::percent(50),
            drop_before: Share::NONE,
            drop_after: Share::NONE,
            html: Share::NONE,
            html_spliced: Share::NONE,
            item_lost: Share::NONE,
            items_shuffled: Share::NONE,
            item_false_429: Share::NONE,
            envelope_424: Share::NONE,
            first_attempts: None,
        }
    }
}

/// The bulk action `executeAction`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BulkConfig {
    /// It is refused.
    pub refusal: Option<BulkRefusal>,
    /// Ids in a call.
    pub max_ids: NonZeroU32,
    /// Too many ids answer 413 in place of 400.
    pub too_large: bool,
    /// The answer stands within `"value"`.
    pub wrapped: bool,
    /// What a call costs.
    pub cost: BulkCost,
}

impl Default for BulkConfig {
    fn default() -> Self {
        Self {
            refusal: None,
            max_ids: non_zero(100),
            too_large: false,
            wrapped: false,
            cost: BulkCost::Call,
        }
    }
}

/// How `executeAction` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkRefusal {
    /// 400: no such action.
    BadRequest,
    /// 403: not for this app.
    Forbidden,
    /// 404: no such segment.
    NotFound,
}

/// What an `executeAction` costs of the quota for writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkCost {
    /// 1 a call.
    Call,
    /// 1 a device.
    Device,
}

/// Tokens and permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokensConfig {
    /// How long a token lasts, in seconds.
    pub lifetime_seconds: u32,
    /// A token that is taken without having been issued, for clients that read theirs from a file. It does not
    /// expire, and cannot be revoked.
    pub fixed: Option<String>,
    /// All tokens issued so far are revoked when so many writes were let through, in rising order.
    pub revoke_after_writes: Vec<u64>,
    /// From so many writes on every token is refused; 0: from the start.
    pub refuse_after_writes: Option<u64>,
    /// The app roles of the identity.
    pub roles: Vec<String>,
    /// The role to sync is lost when so many writes were let through.
    pub role_lost_after_writes: Option<u64>,
    /// Multi Admin Approval stands in the way of a sync.
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
            role_lost_after_writes: None,
            approval: None,
        }
    }
}

/// How Multi Admin Approval refuses a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// 400.
    BadRequest,
    /// 403.
    Forbidden,
}

/// What the message of an error looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorStyle {
    /// A sentence.
    #[default]
    Plain,
    /// JSON text, as Intune's own errors have it.
    Intune,
    /// One or the other, by chance.
    Mixed,
}

/// A number that is written in this file, and is not 0.
fn non_zero(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).expect("defaults are not 0")
}
