//! What a run has come to, for the message about it: it is put together while the run goes on.

use intune_sync_egress::TokenCache;
use intune_sync_report::Notification;
use intune_sync_wit::Summary;
use tokio::time::Instant;

use super::nothing_yet;
use crate::{
    commands::{history::Record, interruption::Interruption},
    output::Output,
};

/// What a run has come to.
pub(in crate::commands) struct Story {
    notification: Notification,
    started: Instant,
    deadline: Option<Instant>,
    interruption: Option<Interruption>,
    /// There is nothing to say: somebody is there, or nothing was to be synced.
    silent: bool,
}

impl Story {
    /// Of a run of a program that was started at `started`.
    pub(in crate::commands) fn begin(started: Instant, deadline: Option<Instant>) -> Self {
        Self {
            notification: nothing_yet(),
            started,
            deadline,
            interruption: None,
            silent: false,
        }
    }

    /// From now on the run can be interrupted.
    pub(in crate::commands) fn set_interruption(&mut self, interruption: &Interruption) {
        self.interruption = Some(interruption.clone());
    }

    /// It has a token, which says whose devices, and as whom.
    pub(in crate::commands) fn set_token(&mut self, tokens: &TokenCache) {
        let claims = tokens.claims().unwrap_or_default();
        self.notification.identity = claims.who().unwrap_or_default().to_owned();
        self.notification.tenant = claims.tenant.unwrap_or_default();
    }

    /// It has an id.
    pub(in crate::commands) fn set_run(&mut self, id: &str) {
        id.clone_into(&mut self.notification.run);
    }

    /// It is over. `resume` is the command that goes on with it, if there is one.
    pub(in crate::commands) fn end(
        &mut self,
        summary: &Summary,
        output: &Output,
        record: Option<&Record>,
        resume: Option<&str>,
    ) {
        self.notification.set_failures(output.failures());
        self.notification.next = match (resume, record) {
            (Some(resume), _) => resume.to_owned(),
            (None, Some(record)) if summary.error > 0 => record.failed_devices(),
            (None, _) => String::new(),
        };
        self.notification.summary = Some(summary.clone());
        self.notification.duration = self.took();
    }

    /// This command goes on with it.
    pub(in crate::commands) fn set_next(&mut self, command: &str) {
        command.clone_into(&mut self.notification.next);
    }

    /// There is nothing to say.
    pub(in crate::commands) fn silence(&mut self) {
        self.silent = true;
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    pub(super) fn notification(&self) -> Notification {
        let mut notification = self.notification.clone();
        if notification.summary.is_none() {
            notification.duration = self.took();
        }
        notification
    }

    /// Whether its time is over: its deadline has passed, or it was interrupted.
    pub(super) fn is_over(&self) -> bool {
        let past = self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline);
        past || self.was_interrupted()
    }

    /// Waits until it is interrupted, if it was not before.
    pub(super) async fn interrupted(&self) {
        match &self.interruption {
            Some(interruption) if !self.was_interrupted() => interruption.requested().await,
            _ => std::future::pending().await,
        }
    }

    /// How long it has taken so far, in milliseconds.
    fn took(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn was_interrupted(&self) -> bool {
        let interruption = self.interruption.as_ref();
        interruption.is_some_and(Interruption::was_requested)
    }
}
