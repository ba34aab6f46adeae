//! `notify`: its flags, and what they mean.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use intune_sync_settings::Advice;

use super::groups::{
    component::ComponentOptions,
    config::ConfigFileArgs,
    notification::{WebhookArgs, WebhookOptions},
    output::OutputOptions,
};

/// `notify test`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotifyTestOptions {
    /// Where to, and how.
    pub(crate) webhook: WebhookOptions,
    /// PEM file with certificate authorities to trust in addition to the system's own. Not yet read.
    pub(crate) ca_file: Option<PathBuf>,
    /// The component, whose file is not yet read.
    pub(crate) component: ComponentOptions,
    /// What is shown.
    pub(crate) output: OutputOptions,
}

/// What `notify` is called with.
pub(super) const EXAMPLES: &str = "Examples:
  intune-sync notify test --notify-url-file webhook.url
  intune-sync sync --notify failure --notify-url-file webhook.url";

/// What each exit code means.
pub(super) const EXIT_CODES: &str = "Examples:
  intune-sync notify test --notify-url-file webhook.url
  INTUNE_SYNC_NOTIFY_URL=$ADDRESS intune-sync notify test

The flags can also be set by variables, or in the file named by `--config`, as for \
    `sync`. The address can be in `INTUNE_SYNC_NOTIFY_URL` instead of a file.

Exit codes:
  0    the webhook has taken the message
  1    it has not
  2    wrong usage, or there is no address
  130  interrupted by Ctrl-C";

/// `notify`.
#[derive(Debug, Args)]
pub(super) struct NotifyCommand {
    #[command(subcommand)]
    command: Commands,
}

#[derive(Debug, Subcommand)]
enum Commands {
    /// Send one message that says that it is a test
    #[command(after_long_help = EXIT_CODES)]
    Test(TestArgs),
}

#[derive(Debug, Args)]
struct TestArgs {
    #[command(flatten)]
    webhook: WebhookArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    component: ComponentOptions,
    /// PEM file with certificate authorities to trust in addition to the system's own
    #[arg(long, value_name = "FILE", help_heading = "Notification")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    output: OutputOptions,
}

impl TryFrom<NotifyCommand> for NotifyTestOptions {
    type Error = Advice;

    fn try_from(NotifyCommand { command }: NotifyCommand) -> Result<Self, Advice> {
        let Commands::Test(args) = command;
        Ok(Self {
            webhook: args.webhook.options()?,
            ca_file: args.ca_file,
            component: args.component,
            output: args.output,
        })
    }
}
