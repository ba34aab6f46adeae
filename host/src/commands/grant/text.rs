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
            Outcome::AlreadyAssigned => ('=', "assigned already"),
            Outcome::NotAssigned => ('=', "not assigned"),
            Outcome::Revoked => ('-', "taken away"),
            Outcome::WouldAssign => ('+', "would be assigned"),
            Outcome::WouldRevoke => ('-', "would be taken away"),
        };
        writeln!(text, "{mark} {:width$}  {words}", role.value())
            .expect("a string takes all that is written");
    }
    text
}
