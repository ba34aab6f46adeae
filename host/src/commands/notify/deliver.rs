//! Sends a message, and sends it again after trouble that passes.
//!
//! A message whose response did not come may have arrived: it is not sent again. Better late than twice.

use std::time::Duration;

use intune_sync_egress::{ClientError, HttpClient};
use intune_sync_report::{Undelivered, not_sent};
use intune_sync_sandbox::{Messenger, Receipt, SandboxError};
use intune_sync_settings::Advice;
use intune_sync_wit::notify::Message;
use tokio::time::Instant;

use super::Webhook;
use crate::commands::Failure;

/// How long and how often a message is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    attempts: u32,
    in_all: Duration,
}

/// Usually.
pub(super) const PATIENT: Patience = Patience {
    attempts: 4,
    in_all: Duration::from_secs(60),
};

/// After a deadline or Ctrl-C.
pub(super) const LAST_TRY: Patience = Patience {
    attempts: 1,
    in_all: Duration::from_secs(10),
};

/// The wait before the second attempt, doubled before each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Why an attempt failed.
struct Trouble {
    advice: Advice,
    /// How long to wait before the next attempt, if one makes sense; zero if the webhook does not say.
    again: Option<Duration>,
}

impl Webhook {
    /// Has the component send a message.
    ///
    /// # Errors
    ///
    /// When it is not known to have arrived.
    pub(super) async fn deliver(
        &self,
        messenger: &Messenger,
        message: &Message,
        client: &HttpClient,
        patience: Patience,
    ) -> Result<(), Advice> {
        let until = Instant::now() + patience.in_all;
        let mut wait = FIRST_WAIT;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let most = until.saturating_duration_since(Instant::now());
            let sent = messenger.send(message, &self.address, client.clone(), most);
            let Some(trouble) = self.trouble(sent.await) else {
                return Ok(());
            };
            let pause = trouble.again.map(|named| named.max(wait));
            match pause {
                Some(pause) if attempts < patience.attempts && Instant::now() + pause < until => {
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(trouble.advice),
            }
            wait *= 2;
        }
    }

    /// What is wrong with what came of an attempt, if anything.
    fn trouble(&self, sent: Result<Receipt, SandboxError>) -> Option<Trouble> {
        let trouble = |why: String, hint: &str, again| Trouble {
            advice: not_sent(&self.name(), &why, hint),
            again,
        };
        let (status, retry_after, line) = match sent {
            Ok(Receipt::Response { status, .. }) if status.is_success() => return None,
            Ok(Receipt::Response {
                status,
                retry_after,
                line,
            }) => (status, retry_after, line),
            Ok(Receipt::NoResponse(error)) => {
                let again = has_not_arrived(&error).then_some(Duration::ZERO);
                return Some(trouble(error.to_string(), error.hint(), again));
            }
            Err(error @ (SandboxError::Machine(_) | SandboxError::Read { .. })) => {
                let Failure { advice, .. } = Failure::from(error);
                return Some(trouble(advice.message, &advice.hint, None));
            }
            Err(error) => {
                let hint = "the component that sends messages is at fault: report a bug";
                return Some(trouble(error.to_string(), hint, None));
            }
        };
        let refused = Undelivered::refused(status.as_u16(), &line);
        let again = refused.passes.then(|| retry_after.unwrap_or_default());
        Some(Trouble {
            advice: match refused.passes {
                true => refused.advice(&self.name()).with_hint(format!(
                    "{}; `intune-sync notify test` tries it again",
                    refused.hint
                )),
                false => refused.advice(&self.name()),
            },
            again,
        })
    }
}

/// Whether a message that got no response has surely not arrived.
const fn has_not_arrived(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::Dns { .. }
            | ClientError::Refused { .. }
            | ClientError::ConnectTimeout { .. }
            | ClientError::Proxy { .. }
    )
}
