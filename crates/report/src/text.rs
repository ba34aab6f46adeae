//! The summary for people, in the shape in which PowerShell shows the runbook's result.

use intune_sync_settings::{Advice, duration::display_seconds};
use intune_sync_wit::{GroupCount, Incomplete, Plan, Summary};

use crate::{
    counts::{Counts, Figure},
    object::FailedDevice,
    one_line,
};

/// How many characters a line of a table has at most.
const WIDTH: usize = 80;

/// The summary of `sync`: the runbook's five figures, those of the others that are not zero, what else is known of the
/// run, and the failures.
pub(crate) fn sync(
    summary: &Summary,
    facts: &[(&str, String)],
    failures: &[FailedDevice],
) -> String {
    let figures: Vec<(&str, String)> = Counts(summary)
        .named()
        .into_iter()
        .enumerate()
        .filter(|(at, (_, figure))| *at < Counts::RUNBOOKS || *figure != Figure::Count(0))
        .map(|(_, (name, figure))| (name, figure.to_string()))
        .collect();
    let mut text = list(&figures) + &self::facts(facts);
    if !failures.is_empty() {
        text += "\n";
        text += &failed(failures);
        let hidden = u64::from(summary.error).saturating_sub(failures.len() as u64);
        if hidden > 0 {
            text += &format!("and {hidden} more: use `--output json`\n");
        }
    }
    text
}

/// What is known of a run besides its figures, after an empty line; nothing if there is nothing.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    match facts {
        [] => String::new(),
        facts => format!("\n{}", list(facts)),
    }
}

/// The summary of `plan`.
pub(crate) fn plan(plan: &Plan) -> String {
    let mut text = list(&[
        ("Listed", plan.listed.to_string()),
        ("Total", plan.total.to_string()),
        ("ToSync", plan.to_sync.to_string()),
        ("Batches", plan.batches.to_string()),
        ("Requests", plan.requests.to_string()),
        ("Expected", display_seconds(plan.expected)),
    ]);
    for (title, groups) in [("To sync", &plan.platforms), ("Skipped", &plan.skipped)] {
        if !groups.is_empty() {
            text += &format!("\n{title}:\n");
            text += &counted(groups);
        }
    }
    text
}

/// Advice as it is shown without colours: `error: message`, and `hint: what to do` below it.
#[must_use]
pub fn advice(kind: &str, Advice { message, hint }: &Advice) -> String {
    let mut text = format!("{kind}: {}\n", one_line(message));
    if !hint.is_empty() {
        text += &format!("hint: {}\n", one_line(hint));
    }
    text
}

/// What is known of a list that leaves devices out, in one sentence without a full stop.
#[must_use]
pub fn shortfall(Incomplete { listed, counted }: &Incomplete) -> String {
    match counted {
        Some(counted) => {
            format!("Graph counts {counted} devices and listed {listed}; the others are left out")
        }
        None => format!(
            "Graph listed {listed} devices and says that there are more, but not where; they are left out"
        ),
    }
}

/// The line of the summary on a list that leaves devices out.
pub(crate) fn incomplete(incomplete: &Incomplete) -> String {
    format!(
        "\nThe list of devices is incomplete: {}\n",
        shortfall(incomplete)
    )
}

/// `Name  : value` lines, with the colons aligned.
#[must_use]
pub fn list(figures: &[(&str, String)]) -> String {
    let width = figures
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    figures
        .iter()
        .map(|(name, value)| format!("{name:width$} : {value}\n"))
        .collect()
}

/// Rows with aligned columns, each as wide as its widest cell.
#[must_use]
pub fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths);
        let cells = cells.map(|(cell, width)| format!("{cell:width$}  "));
        cells.collect::<String>().trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn counted(groups: &[GroupCount]) -> String {
    let width = groups
        .iter()
        .map(|group| group.devices.to_string().len())
        .max()
        .unwrap_or_default();
    groups
        .iter()
        .map(|group| format!("  {:>width$}  {}\n", group.devices, one_line(&group.label)))
        .collect()
}

/// Two lines for each device, so that the whole id and the reason fit a terminal.
fn failed(failures: &[FailedDevice]) -> String {
    let header = ["Name", "Id", "Attempts"].map(str::to_owned);
    let rows: Vec<[String; 3]> = std::iter::once(header)
        .chain(failures.iter().map(|failure| {
            [
                cell(&failure.name, WIDTH - 36 - "Attempts".len() - 4),
                failure.id.clone(),
                failure.attempts.to_string(),
            ]
        }))
        .collect();
    let rows = table(&rows);
    let mut lines = rows.lines();
    let mut text = lines
        .next()
        .map(|header| format!("{header}\n"))
        .unwrap_or_default();
    for (line, failure) in lines.zip(failures) {
        let status = failure.status.map(|status| status.to_string());
        let parts = [status.as_deref(), Some(&*failure.code)];
        let parts: Vec<&str> = parts
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        let reason = format!("{}: {}", parts.join(" "), failure.message);
        text += &format!("{line}\n  {}\n", cell(&reason, WIDTH - 2));
    }
    text
}

/// A text from outside, cut to `most` characters.
pub(crate) fn cell(text: &str, most: usize) -> String {
    let text = one_line(text);
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => text,
    }
}
