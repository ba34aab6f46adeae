//! Whether an identity can do the job here: one step after the other, each with what was found and, where it fails, the
//! one thing to do.
//!
//! The steps stand in the order of causes: what is wrong in one would show as something else in those behind it. A
//! wrong clock makes a good token look expired, a blocked proxy makes a permission look missing. So the first step that
//! fails names the cause, and those that need it are not tried.

mod clock;
mod devices;
mod json;
mod step;
mod text;
mod token;
mod way;

use std::{io, sync::Arc};

use intune_sync_settings::Advice;

pub(crate) use self::json::json;
pub(crate) use self::step::{Cause, Finding, Outcome, Step};
pub(crate) use self::text::{step_line, verdict_line};
use self::{clock::Clock, token::Permits, way::Way};
use crate::{
    cli::{Auth, Cloud, DoctorOptions},
    http_client::HttpClient,
    identity::{Claims, TokenSource},
};

/// What is looked at.
pub(crate) struct Patient<'a> {
    pub(crate) options: &'a DoctorOptions,
    pub(crate) client: &'a HttpClient,
    /// Where tokens come from, or why they cannot.
    pub(crate) source: Result<Arc<dyn TokenSource>, Advice>,
}

/// What was found.
pub(crate) struct Chart<'a> {
    /// Told of each step as it ends.
    tell: &'a mut (dyn FnMut(Step, &Outcome) -> io::Result<()> + Send),
    pub(crate) steps: Vec<(Step, Outcome)>,
    /// What the token says of itself, where it can be read.
    pub(crate) claims: Option<Claims>,
    /// How far this machine's clock is ahead of Graph's, in seconds, where that is known.
    pub(crate) clock_ahead: Option<i64>,
}

impl<'a> Chart<'a> {
    /// An empty one. `tell` is called with each step as it ends.
    pub(crate) fn new(tell: &'a mut (dyn FnMut(Step, &Outcome) -> io::Result<()> + Send)) -> Self {
        Self {
            tell,
            steps: Vec::new(),
            claims: None,
            clock_ahead: None,
        }
    }

    /// The cause: the first step that failed, and why.
    pub(crate) fn cause(&self) -> Option<(Step, &Finding)> {
        self.steps.iter().find_map(|(step, outcome)| match outcome {
            Outcome::Failed(finding) => Some((*step, finding)),
            Outcome::Passed(_) | Outcome::Skipped(_) | Outcome::Blocked(_) => None,
        })
    }

    fn record(&mut self, step: Step, outcome: Outcome) -> io::Result<()> {
        (self.tell)(step, &outcome)?;
        self.steps.push((step, outcome));
        Ok(())
    }

    /// The first of these steps that has not let others go on.
    fn obstacle(&self, needs: &[Step]) -> Option<Step> {
        needs.iter().copied().find(|needed| {
            self.steps
                .iter()
                .any(|(step, outcome)| step == needed && outcome.is_in_the_way())
        })
    }

    fn has_failed(&self, step: Step) -> bool {
        self.steps
            .iter()
            .any(|(known, outcome)| *known == step && matches!(outcome, Outcome::Failed(_)))
    }
}

/// Goes through all steps.
///
/// # Errors
///
/// When what was found cannot be told.
pub(crate) async fn examine(patient: &Patient<'_>, chart: &mut Chart<'_>) -> io::Result<()> {
    let Patient {
        options, source, ..
    } = patient;
    let way = Way::new(options, patient.client);

    let found = match source {
        Ok(source) => source.find().await.map(|()| source).map_err(Advice::from),
        Err(advice) => Err(advice.clone()),
    };
    let source = match found {
        Ok(source) => {
            chart.record(Step::Identity, Outcome::Passed(source.describe()))?;
            Some(source)
        }
        Err(advice) => {
            let cause = Cause::NoIdentity;
            chart.record(Step::Identity, Outcome::Failed(Finding { cause, advice }))?;
            None
        }
    };

    let (reached, heard) = way.knock().await;
    chart.record(Step::Graph, reached)?;
    let clock = Clock::compared(heard);
    let compared = match chart.obstacle(&[Step::Graph]) {
        Some(obstacle) => Outcome::Blocked(obstacle),
        None => clock.judge(),
    };
    chart.record(Step::Clock, compared)?;
    chart.clock_ahead = clock.ahead();

    // Where Graph was not reached nothing is known of the clock, which is no reason not to ask for a token.
    let blocked = match chart.obstacle(&[Step::Identity]) {
        None if chart.has_failed(Step::Clock) => Some(Step::Clock),
        obstacle => obstacle,
    };
    let bearer = match (blocked, source) {
        (None, Some(source)) => match source.fetch(&options.cloud.scope(), false).await {
            Ok(token) => {
                chart.claims = token.secret.claims();
                let kind = token::kind(chart.claims.as_ref());
                chart.record(Step::Token, Outcome::Passed(kind))?;
                Some(token.secret.bearer())
            }
            Err(error) => {
                let finding = Finding {
                    cause: Cause::NoToken,
                    advice: error.into(),
                };
                chart.record(Step::Token, Outcome::Failed(finding))?;
                None
            }
        },
        (blocked, _) => {
            let obstacle = blocked.unwrap_or(Step::Identity);
            chart.record(Step::Token, Outcome::Blocked(obstacle))?;
            None
        }
    };

    let token = token::Examination {
        options,
        claims: chart.claims.clone(),
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
        let outcome = match chart.obstacle(&[Step::Token]) {
            Some(obstacle) => Outcome::Blocked(obstacle),
            None => token.look_at(step),
        };
        chart.record(step, outcome)?;
    }

    let permits = Permits::of(chart.claims.as_ref());
    let mut needs = vec![
        Step::Graph,
        Step::Token,
        Step::Audience,
        Step::Tenant,
        Step::Expiry,
        Step::ReadRole,
    ];
    for (step, also) in [(Step::Devices, Step::Graph), (Step::Sync, Step::SyncRole)] {
        needs.push(also);
        let outcome = match (step, options.probe, chart.obstacle(&needs), &bearer) {
            (Step::Sync, None, _, _) => Outcome::Skipped(
                "not asked for: `--probe DEVICE` requests one real sync, which alone shows whether syncs are allowed, \
                 Multi Admin Approval included"
                    .to_owned(),
            ),
            (_, _, Some(obstacle), _) => Outcome::Blocked(obstacle),
            (_, _, None, None) => Outcome::Blocked(Step::Token),
            (Step::Sync, Some(device), None, Some(bearer)) => {
                devices::sync(&way, device, bearer, permits, &token.remedy()).await
            }
            (_, _, None, Some(bearer)) => {
                devices::page(&way, bearer, permits, &token.remedy()).await
            }
        };
        chart.record(step, outcome)?;
        needs.push(step);
    }
    Ok(())
}
