//! Whether, where and how a message about a run is sent.

use std::path::PathBuf;

use clap::Args;
use intune_sync_settings::{Advice, Notify};
use intune_sync_wit::notify::Format;

use super::{choices, help};

/// The webhook that gets messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WebhookOptions {
    /// The file with its address, instead of the variable. Not yet read.
    pub(crate) file: Option<PathBuf>,
    /// How messages are written, instead of as its host says.
    pub(crate) format: Option<Format>,
}

/// Whether and where a message about a run is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NotifyOptions {
    /// When.
    pub(crate) when: Notify,
    /// Where, and how.
    pub(crate) webhook: WebhookOptions,
}

/// The webhook that gets messages.
#[derive(Debug, Args)]
#[command(next_help_heading = "Notification")]
pub(in crate::cli) struct WebhookArgs {
    /// File with the address of the webhook and nothing else: a secret, since anyone who has it can post there
    #[arg(long, value_name = "FILE")]
    notify_url_file: Option<PathBuf>,
    #[arg(long, value_name = "KIND", value_parser = choices::<Format>(), help = help("notify-kind"))]
    notify_kind: Option<Format>,
}

/// Whether and where a message about a run is sent.
#[derive(Debug, Args)]
#[command(next_help_heading = "Notification")]
pub(in crate::cli) struct NotifyArgs {
    #[arg(long, value_name = "WHEN", value_parser = choices::<Notify>(), default_value_t, help = help("notify"))]
    notify: Notify,
    #[command(flatten)]
    webhook: WebhookArgs,
}

impl WebhookArgs {
    /// The webhook.
    ///
    /// # Errors
    ///
    /// When its address is to come from standard input, or is given itself.
    pub(in crate::cli) fn options(self) -> Result<WebhookOptions, Advice> {
        let file = self.notify_url_file;
        if file.as_ref().is_some_and(|file| file.as_os_str() == "-") {
            return Err(Advice::new(
                "`-` is not allowed for `--notify-url-file`: it takes a file",
                "write the address into a file of its own, or set `INTUNE_SYNC_NOTIFY_URL`",
            ));
        }
        let is_address = |file: &PathBuf| {
            let text = file.to_string_lossy();
            text.contains("https://") || text.contains("http://")
        };
        if file.as_ref().is_some_and(is_address) {
            return Err(Advice::new(
                "an address is not allowed for `--notify-url-file`: it takes a file with it, since the address is a secret",
                "write the address into a file of its own, or set `INTUNE_SYNC_NOTIFY_URL`",
            ));
        }
        Ok(WebhookOptions {
            file,
            format: self.notify_kind,
        })
    }
}

impl NotifyArgs {
    /// Whether and where.
    ///
    /// # Errors
    ///
    /// As [`WebhookArgs::options`].
    pub(in crate::cli) fn options(self) -> Result<NotifyOptions, Advice> {
        Ok(NotifyOptions {
            when: self.notify,
            webhook: self.webhook.options()?,
        })
    }
}
