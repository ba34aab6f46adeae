//! The way to the webhook that gets messages about runs. No message is sent.

use std::time::Duration;

use intune_sync_egress::{HttpClient, SendError, Timeouts, webhook};

use super::step::{Cause, Finding, Outcome};
use crate::commands::notify::Webhook;

/// How long the response may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Whether the webhook can be reached: whatever its server returns for its root, it is there.
pub(super) async fn reach(webhook: &Webhook, client: HttpClient) -> Outcome {
    let timeouts = Timeouts {
        first_byte: TIMEOUT,
        between_bytes: TIMEOUT,
    };
    let name = webhook.name();
    match webhook::reach(webhook.address(), client, timeouts).await {
        Ok(()) => Outcome::Passed(format!(
            "{name} responds; `intune-sync notify test` sends a message"
        )),
        Err(error) => {
            let hint = match &error {
                SendError::Client(error) => error.hint(),
                SendError::Token(_) => "",
            };
            let message = format!("no way to the webhook at {name}: {error}");
            Outcome::Failed(Finding::new(Cause::WebhookUnreachable, message, hint))
        }
    }
}
