//! The steps of `doctor`, and why they fail.

use std::fmt;

use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;
use serde::Serialize;

/// The checks, in this order. Their names stay the same from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Step {
    /// There is something that can give a token.
    Identity,
    /// Graph responds: name, connection, proxy, TLS.
    Graph,
    /// This machine's clock agrees with Graph's.
    Clock,
    /// There is a token.
    Token,
    /// It is for Graph.
    Audience,
    /// It belongs to the intended tenant.
    Tenant,
    /// It has not expired.
    Expiry,
    /// It is recent enough to hold what was granted.
    Age,
    /// It permits reading devices.
    ReadRole,
    /// It permits syncs.
    SyncRole,
    /// It permits reading who is in a group.
    Groups,
    /// A page of devices can be read.
    Devices,
    /// Who is in the groups of the job can be read.
    Members,
    /// The webhook that gets messages about runs can be reached.
    Notification,
    /// A device can be synced.
    Sync,
}

impl Step {
    /// The steps that it needs, in their order.
    pub(super) fn needs(self) -> &'static [Self] {
        const TO_SYNC: &[Step] = &[
            Step::Graph,
            Step::Token,
            Step::Audience,
            Step::Tenant,
            Step::Expiry,
            Step::ReadRole,
            Step::Devices,
            Step::SyncRole,
        ];
        const TO_READ_MEMBERS: &[Step] = &[
            Step::Graph,
            Step::Token,
            Step::Audience,
            Step::Tenant,
            Step::Expiry,
            Step::Groups,
        ];
        match self {
            Self::Identity | Self::Graph | Self::Notification => &[],
            Self::Clock => &[Self::Graph],
            Self::Token => &[Self::Identity],
            Self::Devices => &TO_SYNC[..6],
            Self::Members => TO_READ_MEMBERS,
            Self::Sync => TO_SYNC,
            _ => &[Self::Token],
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The outcome of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It passed; what was found.
    Passed(String),
    /// It failed.
    Failed(Finding),
    /// It was skipped deliberately, for this reason; it blocks nothing.
    Skipped(String),
    /// It was not tried, since it needs this step, which failed or was itself not tried.
    Blocked(Step),
}

impl Outcome {
    /// It failed for this cause.
    pub(super) fn failed(cause: Cause, advice: Advice) -> Self {
        Self::Failed(Finding { cause, advice })
    }

    /// Whether steps that need this one cannot be tried.
    pub(super) fn blocks_others(&self) -> bool {
        match self {
            Self::Passed(_) | Self::Skipped(_) => false,
            Self::Failed(_) | Self::Blocked(_) => true,
        }
    }
}

/// Why a step failed, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) cause: Cause,
    pub(super) advice: Advice,
}

impl Finding {
    pub(super) fn new(cause: Cause, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            cause,
            advice: Advice::new(message, hint),
        }
    }
}

/// Why a step failed. The names stay the same from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Cause {
    NoIdentity,
    GraphUnreachable,
    ProxyBlocked,
    NotGraph,
    GraphUnavailable,
    WrongClock,
    NoToken,
    WrongAudience,
    WrongTenant,
    TokenExpired,
    StaleToken,
    RoleMissing,
    TokenRefused,
    ApprovalNeeded,
    UnknownDevice,
    UnknownGroup,
    DeviceRefused,
    RequestRefused,
    WebhookUnreachable,
}

impl Cause {
    /// How `doctor` ends: as a run does where a token or a permission is missing.
    pub(super) const fn exit_status(self) -> ExitStatus {
        match self {
            Self::NoIdentity
            | Self::NoToken
            | Self::WrongAudience
            | Self::WrongTenant
            | Self::TokenExpired
            | Self::StaleToken
            | Self::RoleMissing
            | Self::TokenRefused
            | Self::ApprovalNeeded => ExitStatus::NotAuthorized,
            Self::GraphUnreachable
            | Self::ProxyBlocked
            | Self::NotGraph
            | Self::GraphUnavailable
            | Self::WrongClock
            | Self::UnknownDevice
            | Self::UnknownGroup
            | Self::DeviceRefused
            | Self::RequestRefused
            | Self::WebhookUnreachable => ExitStatus::Failed,
        }
    }
}
