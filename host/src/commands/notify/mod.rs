//! Messages about runs: `notify test`, and what `sync` sends when it ends.
//!
//! A component writes each message and sends it, in a sandbox whose gate lets one request out, to the webhook. Whatever
//! comes of it changes neither the outcome of a run nor its exit code.

mod deliver;
mod story;
mod webhook;

use intune_sync_egress::HttpClient;
use intune_sync_history::host;
use intune_sync_report::{ExitStatus, Notification};
use intune_sync_settings::Notify;
use jiff::Timestamp;

use self::deliver::{LAST_TRY, PATIENT};
pub(super) use self::{story::Story, webhook::Webhook};
use super::{Failure, component, http_client, interruption::Interruption};
use crate::{
    cli::{ComponentOptions, Engine, NotifyOptions, NotifyTestOptions},
    identity::Environment,
    printer::Printer,
};

/// What sends a message when a run ends.
pub(super) struct Notifier {
    when: Notify,
    engine: Engine,
    webhook: Webhook,
    client: HttpClient,
}

impl Notifier {
    /// What sends a message as the options say; `None` where none is to be sent, or there is no webhook.
    ///
    /// # Errors
    ///
    /// Wrong usage, when the address of the webhook cannot be used, or there is none where one is meant.
    pub(super) fn open(
        options: &NotifyOptions,
        engine: Engine,
        environment: &Environment,
        client: &HttpClient,
        printer: &mut Printer,
    ) -> Result<Option<Self>, Failure> {
        if options.when == Notify::Never {
            return Ok(None);
        }
        let webhook = Webhook::open(&options.webhook, environment, printer)?;
        if webhook.is_none() && options.when == Notify::Always {
            return Err(webhook::missing("`--notify always`"));
        }
        Ok(webhook.map(|webhook| Self {
            when: options.when,
            engine,
            webhook,
            client: client.clone(),
        }))
    }

    /// Sends the message about a run that ended like this, if one is due. What goes wrong is a warning.
    pub(super) async fn report(
        &self,
        story: &Story,
        ended: &Result<ExitStatus, Failure>,
        printer: &mut Printer,
    ) {
        let (status, problem) = match ended {
            Ok(status) => (*status, None),
            // Somebody who has mistyped a flag is at the terminal.
            Err(failure) if failure.status == ExitStatus::Usage => return,
            Err(failure) => (failure.status, Some(&failure.advice)),
        };
        let is_due = self.when.is_due(status == ExitStatus::Success);
        if !is_due || story.is_silent() {
            return;
        }
        let message = story
            .notification()
            .message(self.webhook.format(), status, problem);
        let patience = match story.is_over() {
            true => LAST_TRY,
            false => PATIENT,
        };
        let built_in = ComponentOptions {
            file: None,
            engine: self.engine,
        };
        let sent = async {
            let messenger = component::load_messenger(&built_in).await?;
            let sent = self
                .webhook
                .deliver(&messenger, &message, &self.client, patience);
            sent.await
                .map_err(|advice| Failure::new(ExitStatus::Failed, advice))
        };
        let sent = tokio::select! {
            biased;
            sent = sent => sent,
            () = story.interrupted() => Err(Failure::failed(
                format!("the message to {} was not sent: interrupted", self.webhook.name()),
                "the run stays as it is",
            )),
        };
        match sent {
            Ok(()) if printer.is_verbose() => {
                printer.note(&format!("a message was sent to {}", self.webhook.name()));
            }
            Ok(()) => {}
            Err(failure) => printer.warning(&failure.advice),
        }
    }
}

/// `notify test`: sends one message.
///
/// # Errors
///
/// When there is no webhook, or it did not take the message.
pub(super) async fn test(
    options: &NotifyTestOptions,
    environment: &Environment,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let client = http_client(options.ca_file.as_deref())?;
    let webhook = Webhook::open(&options.webhook, environment, printer)?;
    let webhook = webhook.ok_or_else(|| webhook::missing("`notify test`"))?;
    let interruption = Interruption::listen();
    let message = nothing_yet().test(webhook.format());
    component::note_execution(options.component.engine, printer);
    let sent = async {
        let messenger = component::load_messenger(&options.component).await?;
        let sent = webhook.deliver(&messenger, &message, &client, PATIENT);
        sent.await
            .map_err(|advice| Failure::new(ExitStatus::Failed, advice))
    };
    tokio::select! {
        biased;
        () = interruption.requested() => return Ok(ExitStatus::Interrupted),
        sent = sent => sent?,
    }
    printer.data(&format!("a test message was sent to {}\n", webhook.name()))?;
    Ok(ExitStatus::Success)
}

/// What is known before a run begins.
fn nothing_yet() -> Notification {
    Notification {
        machine: host(),
        started: Timestamp::now(),
        ..Notification::default()
    }
}
