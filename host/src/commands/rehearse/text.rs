//! The report of a rehearsal for people.

use intune_sync_settings::{Choice, Group};
use intune_sync_simulator::Requests;
use intune_sync_wit::RunStatus;

use super::{
    Figures,
    alternatives::{Alternative, Estimate, SAMPLE},
};
use crate::{
    cli::{RehearseOptions, duration::display_seconds},
    output,
};

/// How long the run takes, its figures, and the alternatives.
pub(super) fn report(
    options: &RehearseOptions,
    figures: &Figures,
    alternatives: &[Alternative],
) -> String {
    let took = display_seconds(figures.summary.duration);
    let verb = match figures.summary.status {
        RunStatus::Completed => "takes",
        _ => "fails after",
    };
    let mut text = format!("a run of {} devices {verb} {took}\n\n", options.devices);
    text += &list(figures);
    if !alternatives.is_empty() {
        text += &format!("\n{}:\n", title(options.devices));
        text += &table(alternatives);
    }
    if let Some(command) = recommended(alternatives) {
        text += &format!("\nRecommended:\n  {command}\n");
    }
    text
}

/// The command line of the best of them.
pub(super) fn recommended(alternatives: &[Alternative]) -> Option<String> {
    let best = alternatives.iter().find(|other| other.is_recommended)?;
    Some(format!(
        "intune-sync sync {}",
        best.pace.flags(Group::Pace).join(" ")
    ))
}

fn list(figures: &Figures) -> String {
    let summary = &figures.summary;
    let mut lines = vec![("Accepted", summary.success.to_string())];
    let more = [
        ("Failed", u64::from(summary.error)),
        ("Skipped", summary.skipped.into()),
        ("Gone", summary.gone.into()),
        ("NotReached", summary.pending.into()),
        ("Retries", summary.retries),
    ];
    lines.extend(
        more.into_iter()
            .filter(|(_, number)| *number > 0)
            .map(|(name, number)| (name, number.to_string())),
    );
    lines.extend([
        ("HttpRequests", requests(&figures.requests)),
        (
            "Throttled",
            format!(
                "{} of {} writes ({} %)",
                figures.throttled,
                figures.writes,
                percent(figures.throttled_share())
            ),
        ),
        ("EarlyCalls", figures.early_calls.to_string()),
        ("QuotaUsed", format!("{} %", percent(figures.quota_used))),
    ]);
    output::list(&lines)
}

/// `1276 (25 list, 1250 batch, 1 token)`.
fn requests(requests: &Requests) -> String {
    let kinds: Vec<String> = kinds(requests)
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(kind, number)| format!("{number} {kind}"))
        .collect();
    format!("{} ({})", requests.total(), kinds.join(", "))
}

fn kinds(requests: &Requests) -> [(&'static str, u64); 7] {
    let Requests {
        list,
        sync,
        batch,
        execute_action,
        directory,
        identity,
        other,
    } = *requests;
    [
        ("list", list),
        ("single", sync),
        ("batch", batch),
        ("bulk", execute_action),
        ("directory", directory),
        ("token", identity),
        ("other", other),
    ]
}

fn title(devices: u32) -> String {
    if devices > SAMPLE {
        format!(
            "Alternatives, each tried with a sample of {SAMPLE} devices and extrapolated to {devices}"
        )
    } else {
        "Alternatives".to_owned()
    }
}

/// The alternatives, one a row.
fn table(alternatives: &[Alternative]) -> String {
    let header = [
        "Dispatch",
        "Pace",
        "Takes",
        "HttpRequests",
        "Throttled",
        "Failed",
        "",
    ];
    let rows: Vec<[String; 7]> = std::iter::once(header.map(str::to_owned))
        .chain(alternatives.iter().map(row))
        .collect();
    output::table(&rows)
}

fn row(alternative: &Alternative) -> [String; 7] {
    let Alternative {
        pace,
        tried_with: _,
        estimate,
        is_the_run,
        is_recommended,
    } = alternative;
    let [takes, requests, throttled, failed] = match estimate {
        Some(Estimate {
            duration,
            requests,
            throttled,
            failed,
        }) => [
            display_seconds(*duration),
            requests.to_string(),
            format!("{} %", percent(*throttled)),
            format!("{} %", percent(*failed)),
        ],
        None => ["does not end", "-", "-", "-"].map(str::to_owned),
    };
    let note = match (is_the_run, is_recommended) {
        (true, true) => "this run, recommended",
        (true, false) => "this run",
        (false, true) => "recommended",
        (false, false) => "",
    };
    [
        pace.dispatch.unwrap_or_default().word().to_owned(),
        pace.pace.unwrap_or_default().word().to_owned(),
        takes,
        requests,
        throttled,
        failed,
        note.to_owned(),
    ]
}

/// Hundredths of a percent as percent: `5` is `0.05`, `9480` is `94.8`.
fn percent(hundredths: u64) -> String {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_no_trailing_zeros() {
        for (hundredths, expected) in [(0, "0"), (5, "0.05"), (9_480, "94.8"), (10_000, "100")] {
            assert_eq!(percent(hundredths), expected);
        }
    }
}
