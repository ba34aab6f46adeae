//! The report of `grant` for people.

use std::fmt::Write as _;

use super::{Outcome, Report};
use crate::printer::one_line;

/// The report for people.
pub(super) fn text(report: &Report<'_>) -> String {
    let mut text = format!("identity: {}\n\n", one_line(&report.principal.to_string()));
    let width = report
        .roles
        .iter()
        .map(|(role, _)| role.value().len())
        .max()
        .unwrap_or_default();
    for (role, outcome) in &report.roles {
        let (mark, words) = match outcome {
            Outcome::Assigned => ('+', "assigned"),
            Outcome::AlreadyAssigned => ('=', "already assigned"),
            Outcome::NotAssigned => ('=', "not assigned"),
            Outcome::Revoked => ('-', "revoked"),
            Outcome::WouldAssign => ('+', "would be assigned"),
            Outcome::WouldRevoke => ('-', "would be revoked"),
        };
        writeln!(text, "{mark} {:width$}  {words}", role.value())
            .expect("writing to a string does not fail");
    }
    text
}
