//! The checks in their order.
//!
//! They are in the order of causes: what is wrong in one would show as something else in those after it. A wrong clock
//! makes a good token look expired, a blocked proxy makes a permission look missing. So the first check that fails names
//! the cause, and those that need it are not tried.

use std::{io, sync::Arc};

use intune_sync_egress::{Bearer, HttpClient};
use intune_sync_settings::Advice;

use super::{
    clock::Clock,
    devices,
    graph_client::GraphClient,
    report::Report,
    step::{Cause, Finding, Outcome, Step},
    token::{self, Permits},
};
use crate::{
    cli::DoctorOptions,
    identity::{TokenSource, obtain},
};

/// What the checks are about.
pub(super) struct Subject<'a> {
    pub(super) options: &'a DoctorOptions,
    pub(super) client: HttpClient,
    /// Where tokens come from, or why they cannot.
    pub(super) source: Result<Arc<dyn TokenSource>, Advice>,
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
    } = subject;
    let graph = GraphClient::new(options, client);

    let found = match source {
        Ok(source) => source.find().await.map(|()| source).map_err(Advice::from),
        Err(advice) => Err(advice),
    };
    let source = match found {
        Ok(source) => {
            report.record(Step::Identity, Outcome::Passed(source.describe()))?;
            Some(source)
        }
        Err(advice) => {
            let cause = Cause::NoIdentity;
            report.record(Step::Identity, Outcome::Failed(Finding { cause, advice }))?;
            None
        }
    };

    let (reached, reading) = graph.probe_unauthenticated().await;
    report.record(Step::Graph, reached)?;
    let clock = Clock::compared(reading);
    let compared = match report.obstacle(&[Step::Graph]) {
        Some(obstacle) => Outcome::Blocked(obstacle),
        None => clock.check(),
    };
    report.record(Step::Clock, compared)?;
    report.clock_ahead = clock.ahead();

    // Where Graph was not reached, the clock is unknown; a token is requested nevertheless.
    let blocked = match report.obstacle(&[Step::Identity]) {
        None if report.has_failed(Step::Clock) => Some(Step::Clock),
        obstacle => obstacle,
    };
    let graph = match (blocked, source) {
        (None, Some(source)) => match obtain(&*source, &options.cloud.scope()).await {
            Ok(token) => {
                report.claims = token.secret.claims();
                let kind = token::kind(report.claims.as_ref());
                report.record(Step::Token, Outcome::Passed(kind))?;
                Some(graph.authenticated(Bearer::new(token.secret.bearer())))
            }
            Err(error) => {
                let finding = Finding {
                    cause: Cause::NoToken,
                    advice: error.into(),
                };
                report.record(Step::Token, Outcome::Failed(finding))?;
                None
            }
        },
        (blocked, _) => {
            let obstacle = blocked.unwrap_or(Step::Identity);
            report.record(Step::Token, Outcome::Blocked(obstacle))?;
            None
        }
    };

    let token = token::TokenCheck {
        options,
        claims: report.claims.clone(),
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
        let outcome = match report.obstacle(&[Step::Token]) {
            Some(obstacle) => Outcome::Blocked(obstacle),
            None => token.check(step),
        };
        report.record(step, outcome)?;
    }

    let permits = Permits::of(report.claims.as_ref());
    let mut needs = vec![
        Step::Graph,
        Step::Token,
        Step::Audience,
        Step::Tenant,
        Step::Expiry,
        Step::ReadRole,
    ];
    let outcome = match (report.obstacle(&needs), &graph) {
        (Some(obstacle), _) => Outcome::Blocked(obstacle),
        (None, None) => Outcome::Blocked(Step::Token),
        (None, Some(graph)) => devices::page(graph, permits, &token.remedy()).await,
    };
    report.record(Step::Devices, outcome)?;

    needs.extend([Step::Devices, Step::SyncRole]);
    let outcome = match (options.probe, report.obstacle(&needs), &graph) {
        (None, _, _) => Outcome::Skipped(
            "not requested: `--probe DEVICE` requests one real sync, which alone shows whether syncs are allowed, \
             Multi Admin Approval included"
                .to_owned(),
        ),
        (Some(_), Some(obstacle), _) => Outcome::Blocked(obstacle),
        (Some(_), None, None) => Outcome::Blocked(Step::Token),
        (Some(device), None, Some(graph)) => {
            devices::sync(graph, device, permits, &token.remedy()).await
        }
    };
    report.record(Step::Sync, outcome)
}
