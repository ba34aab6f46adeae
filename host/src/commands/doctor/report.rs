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

    /// The first of these steps that blocks the ones after it.
    pub(super) fn obstacle(&self, needs: &[Step]) -> Option<Step> {
        needs.iter().copied().find(|needed| {
            self.steps
                .iter()
                .any(|(step, outcome)| step == needed && outcome.blocks_others())
        })
    }

    /// Whether this step was tried and failed.
    pub(super) fn has_failed(&self, step: Step) -> bool {
        self.steps
            .iter()
            .any(|(known, outcome)| *known == step && matches!(outcome, Outcome::Failed(_)))
    }
}
