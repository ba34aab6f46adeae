//! Why it is not known who is in a group.

use intune_sync_egress::groups::Key;
use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;

use super::Group;
use crate::{commands::Failure, graph::ErrorResponse};

/// Why it is not known who is in a group.
#[derive(Debug, thiserror::Error)]
pub(in crate::commands) enum GroupError {
    /// There is none.
    #[error("there is no group {}", called(.0))]
    Unknown(Key),
    /// There are several.
    #[error("{} groups are called `{key}`: {}", several(.groups, *.more), ids(.groups))]
    Ambiguous {
        key: Key,
        groups: Vec<Group>,
        more: bool,
    },
    /// A role is missing.
    #[error("the identity may not read {what}: `{role}` is missing{}", because(.error.as_ref()))]
    RoleMissing {
        what: String,
        role: &'static str,
        error: Option<ErrorResponse>,
    },
    /// The token is refused.
    #[error("Microsoft Graph refused the token{}", because(.error.as_ref()))]
    TokenRefused { error: Option<ErrorResponse> },
    /// There is no token any more.
    #[error("{0}")]
    Token(Advice),
    /// Graph is throttling, and goes on so.
    #[error("Microsoft Graph is throttling what is requested about groups ({0})")]
    Throttled(ErrorResponse),
    /// Graph fails, or refuses the request for a reason of its own.
    #[error("Microsoft Graph does not say who is in the group ({0})")]
    Refused(ErrorResponse),
    /// There is no response.
    #[error("{0}")]
    Lost(Advice),
    /// There is one, but it makes no sense.
    #[error("the response from Microsoft Graph about {what} makes no sense ({status})")]
    Unreadable { what: String, status: u16 },
    /// The gate refuses the request.
    #[error("the gate refused a request: {0}")]
    Gate(String),
}

impl GroupError {
    /// What to do about it; `remedy` is that for a missing role.
    pub(in crate::commands) fn advice(&self, remedy: &str) -> Advice {
        let hint = match self {
            Self::Unknown(Key::Name(_)) => {
                "check the name in the Entra admin center: it takes the whole name, in any letter case; an id is taken too"
            }
            Self::Unknown(Key::Id(_)) => {
                "`--group` and `--exclude-group` take the object id of a group, or its name"
            }
            Self::Ambiguous { .. } => "give the id of the one that is meant instead of the name",
            Self::RoleMissing { .. } => remedy,
            Self::TokenRefused { .. } => "`intune-sync doctor` says what is wrong with the token",
            Self::Throttled(_) => "other requests use up the quota: run it again in a few minutes",
            Self::Refused(_) => {
                "nothing was synced; run it again later, and see Microsoft's service health"
            }
            Self::Lost(advice) | Self::Token(advice) => &advice.hint,
            Self::Unreadable { .. } => "check `--graph-url` and the proxy",
            Self::Gate(_) => "report this as a bug",
        };
        Advice::new(self.to_string(), hint)
    }

    /// Ends the command; `remedy` is what to do about a missing role.
    pub(in crate::commands) fn into_failure(self, remedy: &str) -> Failure {
        let status = match self {
            // As for any other value that cannot be meant: no sync was requested.
            Self::Unknown(_) | Self::Ambiguous { .. } => ExitStatus::Usage,
            Self::RoleMissing { .. } | Self::TokenRefused { .. } | Self::Token(_) => {
                ExitStatus::NotAuthorized
            }
            Self::Throttled(_) => ExitStatus::Stopped,
            Self::Refused(_) | Self::Lost(_) | Self::Unreadable { .. } | Self::Gate(_) => {
                ExitStatus::Failed
            }
        };
        Failure::new(status, self.advice(remedy))
    }
}

fn called(key: &Key) -> String {
    match key {
        Key::Id(id) => format!("with the id `{id}`"),
        Key::Name(name) => format!("called `{name}`"),
    }
}

fn several(groups: &[Group], more: bool) -> String {
    let at_least = if more { "at least " } else { "" };
    format!("{at_least}{}", groups.len())
}

/// `id, …`, the first ten.
fn ids(groups: &[Group]) -> String {
    const SHOWN: usize = 10;
    let ids: Vec<String> = groups
        .iter()
        .take(SHOWN)
        .map(|group| group.id.to_string())
        .collect();
    let rest = if groups.len() > SHOWN { ", …" } else { "" };
    format!("{}{rest}", ids.join(", "))
}

fn because(error: Option<&ErrorResponse>) -> String {
    error.map_or_else(String::new, |error| format!(" ({error})"))
}

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, id } = self;
        match name.as_str() {
            "" => write!(f, "`{id}`"),
            name => write!(f, "`{name}` ({id})"),
        }
    }
}
