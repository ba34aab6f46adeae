//! The steps of `doctor`, and why they fail.

use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;

/// The checks, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// A page of devices can be read.
    Devices,
    /// A device can be synced.
    Sync,
}

impl Step {
    /// Its name, which stays the same from version to version.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Graph => "graph",
            Self::Clock => "clock",
            Self::Token => "token",
            Self::Audience => "audience",
            Self::Tenant => "tenant",
            Self::Expiry => "expiry",
            Self::Age => "age",
            Self::ReadRole => "read-role",
            Self::SyncRole => "sync-role",
            Self::Devices => "devices",
            Self::Sync => "sync",
        }
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

/// Why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    DeviceRefused,
}

impl Cause {
    /// Its name, which stays the same from version to version.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::NoIdentity => "no-identity",
            Self::GraphUnreachable => "graph-unreachable",
            Self::ProxyBlocked => "proxy-blocked",
            Self::NotGraph => "not-graph",
            Self::GraphUnavailable => "graph-unavailable",
            Self::WrongClock => "wrong-clock",
            Self::NoToken => "no-token",
            Self::WrongAudience => "wrong-audience",
            Self::WrongTenant => "wrong-tenant",
            Self::TokenExpired => "token-expired",
            Self::StaleToken => "stale-token",
            Self::RoleMissing => "role-missing",
            Self::TokenRefused => "token-refused",
            Self::ApprovalNeeded => "approval-needed",
            Self::UnknownDevice => "unknown-device",
            Self::DeviceRefused => "device-refused",
        }
    }

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
            | Self::DeviceRefused => ExitStatus::Failed,
        }
    }
}
