//! Notifications: when a message about a run is sent, and how it is written.

use core::fmt;

use intune_sync_wit::notify::Format;

use crate::Choice;

/// The key of the webhook's address, which is secret.
pub const NOTIFY_URL: &str = "notify-url";

/// When a message about a run is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notify {
    /// Not at all.
    Never,
    /// When it did not end with exit code 0.
    #[default]
    Failure,
    /// Whatever came of it.
    Always,
}

impl Choice for Notify {
    const WORDS: &[(&str, Self, &str)] = &[
        (
            "failure",
            Self::Failure,
            "When a run ends with an exit code other than 0",
        ),
        ("always", Self::Always, "At the end of each run"),
        ("never", Self::Never, "Not at all"),
    ];
}

impl fmt::Display for Notify {
    /// The value of `--notify`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Choice for Format {
    const WORDS: &[(&str, Self, &str)] = &[
        (
            "teams",
            Self::Teams,
            "An Adaptive Card, for a workflow of Microsoft Teams",
        ),
        (
            "slack",
            Self::Slack,
            "Block Kit, for an incoming webhook of Slack",
        ),
        ("json", Self::Json, "One JSON object, for anything else"),
    ];
}

/// How a message to this host is written, unless a form is given.
#[must_use]
pub fn format_of(host: &str) -> Format {
    /// Workflows in their former and their present place, and the connectors that they have replaced.
    const TEAMS: [&str; 4] = [
        ".logic.azure.com",
        ".powerplatform.com",
        ".webhook.office.com",
        // Workflows in the cloud of the US government.
        ".logic.azure.us",
    ];
    let host = host.to_ascii_lowercase();
    match host.as_str() {
        "hooks.slack.com" | "hooks.slack-gov.com" => Format::Slack,
        host if TEAMS.iter().any(|domain| host.ends_with(domain)) => Format::Teams,
        _ => Format::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_says_how_a_message_is_written() {
        for (host, format) in [
            ("prod-12.westeurope.logic.azure.com", Format::Teams),
            (
                "default7f1f2a9c8d3e.4c.environment.api.powerplatform.com",
                Format::Teams,
            ),
            ("contoso.webhook.office.com", Format::Teams),
            ("Hooks.Slack.com", Format::Slack),
            ("hooks.slack.com.evil.example", Format::Json),
            ("evil-logic.azure.com", Format::Json),
            ("127.0.0.1", Format::Json),
        ] {
            assert_eq!(format_of(host), format, "{host}");
        }
    }
}
