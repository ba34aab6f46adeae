//! The summary for people, in the shape in which PowerShell shows the runbook's result.

use super::object::{FailedDevice, minutes};
use super::one_line;
use intune_sync_settings::duration::display_seconds;
use intune_sync_wit::{GroupCount, Plan, Summary};

/// The summary of `sync`: the runbook's five figures, those of the others that are not zero, and the failures.
pub fn sync(summary: &Summary, failures: &[FailedDevice]) -> String {
    let mut figures = vec![
        ("TotalDevices", summary.total.to_string()),
        ("SuccessCount", summary.success.to_string()),
        ("ErrorCount", summary.error.to_string()),
        ("DurationMinutes", minutes(summary.duration).to_string()),
        ("BatchesProcessed", summary.batches.to_string()),
    ];
    let more = [
        ("SkippedCount", u64::from(summary.skipped)),
        ("GoneCount", u64::from(summary.gone)),
        ("PendingCount", u64::from(summary.pending)),
        ("RetryCount", summary.retries),
        ("ThrottledCount", summary.throttled),
        ("HttpRequests", summary.requests),
    ];
    figures.extend(
        more.into_iter()
            .filter(|(_, number)| *number > 0)
            .map(|(name, number)| (name, number.to_string())),
    );
    let mut text = list(&figures);
    if !failures.is_empty() {
        text += "\n";
        text += &table(failures);
        let hidden = u64::from(summary.error).saturating_sub(failures.len() as u64);
        if hidden > 0 {
            text += &format!("and {hidden} more: use `--output json`\n");
        }
    }
    text
}

/// The summary of `plan`.
pub fn plan(plan: &Plan) -> String {
    let mut text = list(&[
        ("Listed", plan.listed.to_string()),
        ("Total", plan.total.to_string()),
        ("ToSync", plan.to_sync.to_string()),
        ("Batches", plan.batches.to_string()),
        ("Requests", plan.requests.to_string()),
        ("Expected", display_seconds(plan.expected)),
    ]);
    for (title, tallies) in [("To sync", &plan.platforms), ("Skipped", &plan.skipped)] {
        if !tallies.is_empty() {
            text += &format!("\n{title}:\n");
            text += &tally(tallies);
        }
    }
    text
}

/// `Name  : value` lines, the colons below one another.
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

fn tally(tallies: &[GroupCount]) -> String {
    let width = tallies
        .iter()
        .map(|tally| tally.devices.to_string().len())
        .max()
        .unwrap_or_default();
    tallies
        .iter()
        .map(|tally| format!("  {:>width$}  {}\n", tally.devices, one_line(&tally.label)))
        .collect()
}

/// The failures below one another, each column as wide as its widest entry.
fn table(failures: &[FailedDevice]) -> String {
    let header = ["Name", "Id", "Status", "Code", "Attempts", "Message"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(header)
        .chain(failures.iter().map(|failure| {
            [
                cell(&failure.name, 24),
                failure.id.clone(),
                failure
                    .status
                    .map_or_else(|| "-".to_owned(), |status| status.to_string()),
                cell(&failure.code, 32),
                failure.attempts.to_string(),
                cell(&failure.message, 60),
            ]
        }))
        .collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = rows
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default();
            line += &format!("{cell:width$}  ");
        }
        text += line.trim_end();
        text += "\n";
    }
    text
}

/// A text from outside, cut to `most` characters.
fn cell(text: &str, most: usize) -> String {
    let text = one_line(text);
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => text,
    }
}
