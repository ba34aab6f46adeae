//! The report of `doctor` for people.

use clap::builder::styling::{AnsiColor, Style};

use super::{
    report::Report,
    step::{Outcome, Step},
};
use crate::{cli::Page, printer::one_line};

/// As wide as the longest name of a step.
const WIDTH: usize = 9;

/// The line of a step, and that of its hint.
pub(super) fn step_line(step: Step, outcome: &Outcome) -> Page {
    let (mark, style, words, hint) = match outcome {
        Outcome::Passed(found) => ('✓', AnsiColor::Green.on_default(), found.clone(), None),
        Outcome::Failed(finding) => (
            '✗',
            AnsiColor::Red.on_default().bold(),
            finding.advice.message.clone(),
            Some(&finding.advice.hint),
        ),
        Outcome::Skipped(reason) => ('-', Style::new().dimmed(), reason.clone(), None),
        Outcome::Blocked(obstacle) => {
            let reason = format!("not tried: it needs `{obstacle}`");
            ('-', Style::new().dimmed(), reason, None)
        }
    };
    let rest = format!(" {:WIDTH$}  {}\n", step.to_string(), one_line(&words));
    let hint = hint.map(|hint| format!("  {:WIDTH$}  hint: {}\n", "", one_line(hint)));
    let hint = hint.unwrap_or_default();
    Page {
        plain: format!("{mark}{rest}{hint}"),
        styled: format!("{style}{mark}{style:#}{rest}{hint}"),
    }
}

/// The verdict.
pub(super) fn verdict_line(report: &Report<'_>) -> String {
    let synced = report
        .steps
        .iter()
        .any(|(step, outcome)| *step == Step::Sync && matches!(outcome, Outcome::Passed(_)));
    match report.cause() {
        None if synced => "\nready: this identity can list and sync devices here\n".to_owned(),
        None => "\nready, as far as can be checked without a sync\n".to_owned(),
        Some((step, _)) => format!("\nnot ready: fix `{step}` first\n"),
    }
}
