//! What the checks have found.

use std::io;

use super::step::{Finding, Outcome, Step};
use crate::identity::Claims;

/// What was found so far.
pub(super) struct Report<'a> {
    /// Shows each step as it ends.
    show: &'a mut (dyn FnMut(Step, &Outcome) -> io::Result<()> + Send),
    pub(super) steps: Vec<(Step, Outcome)>,
    /// The token's claims, where it can be read.
    pub(super) claims: Option<Claims>,
    /// How far this machine's clock is ahead of Graph's, in seconds, where that is known.
    pub(super) clock_ahead: Option<i64>,
}

impl<'a> Report<'a> {
    /// An empty one. `show` is called with each step as it ends.
    pub(super) fn new(show: &'a mut (dyn FnMut(Step, &Outcome) -> io::Result<()> + Send)) -> Self {
        Self {
            show,
            steps: Vec::new(),
            claims: None,
            clock_ahead: None,
        }
    }

    /// The cause: the first step that failed, and why.
    pub(super) fn cause(&self) -> Option<(Step, &Finding)> {
        self.steps.iter().find_map(|(step, outcome)| match outcome {
            Outcome::Failed(finding) => Some((*step, finding)),
            Outcome::Passed(_) | Outcome::Skipped(_) | Outcome::Blocked(_) => None,
        })
    }

    /// Adds a step and shows it.
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    pub(super) fn record(&mut self, step: Step, outcome: Outcome) -> io::Result<()> {
        (self.show)(step, &outcome)?;
        self.steps.push((step, outcome));
        Ok(())
    }

    /// Adds a step, which is only tried if nothing stands in its way, and shows it.
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    pub(super) async fn check(
        &mut self,
        step: Step,
        check: impl Future<Output = Outcome>,
    ) -> io::Result<()> {
        let outcome = match self.obstacle(step) {
            Some(obstacle) => Outcome::Blocked(obstacle),
            None => check.await,
        };
        self.record(step, outcome)
    }

    /// The first step without which this one cannot be tried.
    pub(super) fn obstacle(&self, step: Step) -> Option<Step> {
        let found = |needed: Step| self.steps.iter().find(|(step, _)| *step == needed);
        // Where Graph was not reached, the clock is unknown; a token is requested nevertheless.
        let wrong_clock = || matches!(found(Step::Clock), Some((_, Outcome::Failed(_))));
        let mut needs = step.needs().iter().copied();
        needs
            .find(|needed| found(*needed).is_some_and(|(_, outcome)| outcome.blocks_others()))
            .or_else(|| (step == Step::Token && wrong_clock()).then_some(Step::Clock))
    }
}
