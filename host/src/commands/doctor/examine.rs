//! The checks in their order.
//!
//! They are in the order of causes: what is wrong in one would show as something else in those after it. A wrong clock
//! makes a good token look expired, a blocked proxy makes a permission look missing. So the first check that fails
//! names the cause, and those that need it are not tried.

use std::{io, sync::Arc};

use intune_sync_egress::{Bearer, HttpClient};
use intune_sync_settings::Advice;

use super::{
    clock::Clock,
    devices,
    graph_client::GraphClient,
    groups, notification,
    report::Report,
    step::{Cause, Outcome, Step},
    token::{self, Permits},
};
use crate::{
    cli::DoctorOptions,
    commands::notify::Webhook,
    identity::{TokenSource, obtain},
};

/// What the checks are about.
pub(super) struct Subject<'a> {
    pub(super) options: &'a DoctorOptions,
    pub(super) client: HttpClient,
    /// Where tokens come from, or why they cannot.
    pub(super) source: Result<Arc<dyn TokenSource>, Advice>,
    /// What gets messages about runs, if anything does.
    pub(super) webhook: Option<Webhook>,
}

/// Makes all checks.
///
/// # Errors
///
/// When the report cannot be written.
pub(super) async fn examine(subject: Subject<'_>, report: &mut Report<'_>) -> io::Result<()> {
    let Subject {
        options,
        client,
        source,
        webhook,
    } = subject;
    let graph = GraphClient::new(options, client.clone());

    let source = match source {
        Ok(source) => source.find().await.map(|()| source).map_err(Advice::from),
        Err(advice) => Err(advice),
    };
    let found = match &source {
        Ok(source) => Outcome::Passed(source.describe()),
        Err(advice) => Outcome::failed(Cause::NoIdentity, advice.clone()),
    };
    report.record(Step::Identity, found)?;

    let (reached, reading) = graph.probe_unauthenticated().await;
    report.record(Step::Graph, reached)?;
    let clock = Clock::compared(reading);
    report.check(Step::Clock, async { clock.check() }).await?;
    report.clock_ahead = clock.ahead();

    let (mut claims, mut bearer, mut members) = (None, None, None);
    let obtained = async {
        match obtain(&*source?, &options.cloud.scope()).await {
            Ok(token) => {
                claims = token.secret.claims();
                bearer = Some(Bearer::new(token.secret.bearer()));
                members = Some(Bearer::new(token.secret.bearer()));
                Ok(Outcome::Passed(token::kind(claims.as_ref())))
            }
            Err(error) => Err(Advice::from(error)),
        }
    };
    let obtained = async {
        let obtained = obtained.await;
        obtained.unwrap_or_else(|advice| Outcome::failed(Cause::NoToken, advice))
    };
    report.check(Step::Token, obtained).await?;
    report.claims.clone_from(&claims);

    let permits = Permits::of(claims.as_ref());
    let token = token::TokenCheck {
        options,
        claims,
        now: clock.now(),
    };
    for step in [
        Step::Audience,
        Step::Tenant,
        Step::Expiry,
        Step::Age,
        Step::ReadRole,
        Step::SyncRole,
    ] {
        report.check(step, async { token.check(step) }).await?;
    }
    let names_groups = !options.groups.is_empty();
    if names_groups {
        let step = Step::Groups;
        report.check(step, async { token.check(step) }).await?;
    }

    let graph = bearer.map(|bearer| graph.authenticated(bearer));
    // Without a token, these are blocked.
    let page = async {
        match &graph {
            Some(graph) => devices::page(graph, permits, &token.remedy()).await,
            None => Outcome::Blocked(Step::Token),
        }
    };
    report.check(Step::Devices, page).await?;
    if names_groups {
        let members = async {
            match members {
                Some(bearer) => {
                    groups::read(options, client.clone(), bearer, &token.remedy_for_groups()).await
                }
                None => Outcome::Blocked(Step::Token),
            }
        };
        report.check(Step::Members, members).await?;
    }
    if let Some(webhook) = webhook {
        let reached = notification::reach(&webhook, client);
        report.check(Step::Notification, reached).await?;
    }
    let Some(device) = options.probe else {
        return report.record(
            Step::Sync,
            Outcome::Skipped(
                "not requested: `--probe DEVICE` requests one real sync, which alone shows whether syncs are allowed, \
                 Multi Admin Approval included"
                    .to_owned(),
            ),
        );
    };
    let sync = async {
        match &graph {
            Some(graph) => devices::sync(graph, device, permits, &token.remedy()).await,
            None => Outcome::Blocked(Step::Token),
        }
    };
    report.check(Step::Sync, sync).await
}
