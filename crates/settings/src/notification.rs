//! Notifications: when a message about a run is sent, and how it is written.

use core::fmt;

use intune_sync_ids::{WebhookAddress, WebhookAddressError};
use intune_sync_wit::notify::Format;

use crate::{Advice, Choice, Variables, variable};

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

impl Notify {
    /// Whether a message about a run is due that ended with exit code 0, or with another.
    #[must_use]
    pub const fn is_due(self, succeeded: bool) -> bool {
        match self {
            Self::Never => false,
            Self::Failure => !succeeded,
            Self::Always => true,
        }
    }
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

/// The webhook of a standalone component, which its environment names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its address, which is secret.
    pub address: WebhookAddress,
    /// How messages are written.
    pub format: Format,
    /// When they are sent.
    pub when: Notify,
}

impl Webhook {
    /// The webhook that the environment names; `None` where it names none, or no message is wanted.
    ///
    /// # Errors
    ///
    /// A value that is not allowed, or an address that is wanted and missing. Nothing of an address is shown.
    pub fn read(variables: &Variables) -> Result<Option<Self>, Advice> {
        let when: Notify = variables.choice("notify")?.unwrap_or_default();
        let format = variables.choice("notify-kind")?;
        let name = variable(NOTIFY_URL);
        let Some(value) = variables.get(&name) else {
            return match when {
                Notify::Always => Err(Advice::new(
                    format!(
                        "`{}=always` needs the address of a webhook",
                        variable("notify")
                    ),
                    format!("set `{name}`"),
                )),
                Notify::Failure | Notify::Never => Ok(None),
            };
        };
        let address = webhook_address(&format!("`{name}`"), value)?;
        Ok((when != Notify::Never).then(|| Self {
            format: format.unwrap_or_else(|| format_of(&address.origin().host())),
            address,
            when,
        }))
    }
}

/// The address of a webhook, as it is written in `place`.
///
/// # Errors
///
/// When it is not an address. No part of it is shown.
pub fn webhook_address(place: &str, text: &str) -> Result<WebhookAddress, Advice> {
    text.trim().parse().map_err(|error: WebhookAddressError| {
        Advice::new(
            format!("the address of the webhook in {place} {error}"),
            "copy the whole address again, as Teams or Slack shows it: `https://…`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(variables: &[(&str, &str)]) -> Result<Option<Webhook>, Advice> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Webhook::read(&Variables::new(variables.iter().map(own).collect()))
    }

    #[test]
    fn the_environment_names_a_webhook() {
        const URL: (&str, &str) = ("INTUNE_SYNC_NOTIFY_URL", " https://hooks.slack.com/T0\n");
        assert_eq!(webhook(&[]), Ok(None));
        assert_eq!(webhook(&[URL, ("INTUNE_SYNC_NOTIFY", "never")]), Ok(None));
        let found = webhook(&[URL]).expect("it is right").expect("it is there");
        assert_eq!((found.format, found.when), (Format::Slack, Notify::Failure));
        assert_eq!(found.address.expose(), "https://hooks.slack.com/T0");
        let chosen = [
            URL,
            ("INTUNE_SYNC_NOTIFY", "always"),
            ("INTUNE_SYNC_NOTIFY_KIND", "json"),
        ];
        let found = webhook(&chosen).expect("it is right").expect("it is there");
        assert_eq!((found.format, found.when), (Format::Json, Notify::Always));
        for wrong in [
            ("INTUNE_SYNC_NOTIFY", "always"),
            ("INTUNE_SYNC_NOTIFY", "sometimes"),
            ("INTUNE_SYNC_NOTIFY_KIND", "sms"),
            (
                "INTUNE_SYNC_NOTIFY_URL",
                "https://me:s3cret@hooks.example/T0",
            ),
        ] {
            let Advice { message, .. } = webhook(&[wrong]).expect_err(wrong.0);
            assert!(message.contains(wrong.0), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn a_message_is_due_as_it_was_wanted() {
        let due = |when: Notify| [true, false].map(|succeeded| when.is_due(succeeded));
        assert_eq!(due(Notify::Never), [false, false]);
        assert_eq!(due(Notify::Failure), [false, true]);
        assert_eq!(due(Notify::Always), [true, true]);
    }

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
