//! What the summary says of a run besides its figures, so that it can be pasted into a ticket.

use intune_sync_egress::TokenCache;
use intune_sync_settings::{Given, Group};
use jiff::{Timestamp, Unit};

use super::history::{selection, subject};
use crate::{
    cli::{JobOptions, NAME, duration::display_seconds},
    printer::one_line,
};

/// What is known of a run when it begins.
pub(super) struct Facts {
    known: Vec<(&'static str, String)>,
    since: Timestamp,
}

impl Facts {
    /// Whose devices, as whom, which, and how. `earlier` is the run that this one goes on with: the flags need not say
    /// which devices then.
    pub(super) fn new(
        options: &JobOptions,
        tokens: &TokenCache,
        id: &str,
        earlier: Option<&str>,
        now: Timestamp,
    ) -> Self {
        let which = match earlier {
            Some(earlier) => format!("what run {earlier} has left"),
            None => either(&of_selection(options), "all devices"),
        };
        let subject = subject(options, tokens);
        let defaults = Given::defaults();
        let mut settings = options.given.flags_besides(Group::Pace, &[&defaults]);
        settings.extend(options.given.flags_besides(Group::Job, &[&defaults]));
        Self {
            known: vec![
                ("Run", format!("{id}, {NAME} {}", env!("CARGO_PKG_VERSION"))),
                ("Tenant", one_line(&subject.tenant)),
                ("Identity", one_line(&subject.app)),
                ("Selection", which),
                ("Settings", either(&settings, "defaults")),
            ],
            since: now,
        }
    }

    /// The same, with when it began and ended.
    pub(super) fn until(mut self, now: Timestamp) -> Vec<(&'static str, String)> {
        let length = u64::try_from(now.duration_since(self.since).as_millis()).unwrap_or(0);
        let shown = |time: Timestamp| {
            let time = time.round(Unit::Second).unwrap_or(time);
            time.strftime("%Y-%m-%d %H:%M:%S").to_string()
        };
        let time = format!(
            "{} to {} UTC, {}",
            shown(self.since),
            shown(now),
            display_seconds(length)
        );
        self.known.push(("Time", time));
        self.known
    }
}

/// The selection without what is the default.
fn of_selection(options: &JobOptions) -> Vec<String> {
    let mut besides = options.clone();
    let order = Given::defaults().order;
    if besides.given.order == order {
        besides.given.order = None;
    }
    selection(&besides)
}

/// The flags as they are written, or what it means that there are none.
fn either(flags: &[String], none: &str) -> String {
    match flags {
        [] => none.to_owned(),
        flags => one_line(&flags.join(" ")),
    }
}
