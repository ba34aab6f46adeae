//! The report of a rehearsal for people.

use intune_sync_settings::{Choice, Given, Group};
use intune_sync_simulator::Requests;
use intune_sync_wit::RunStatus;

use super::{
    Figures,
    alternatives::{Alternative, SAMPLE},
    figures::kinds,
};
use crate::{
    cli::{RehearseOptions, duration::display_seconds},
    output,
    printer::quoted,
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
    if let Some(command) = recommended(options, alternatives) {
        text += &format!("\nRecommended:\n  {command}\n");
    }
    text
}

/// The command line of the best of them: with the config file, which has the selection, and the flags that are not as
/// they would be anyway.
pub(super) fn recommended(
    options: &RehearseOptions,
    alternatives: &[Alternative],
) -> Option<String> {
    let best = alternatives.iter().find(|other| other.is_recommended)?;
    let config = options.config.flags();
    let config = config.iter().map(|word| quoted(word));
    let words = ["intune-sync".to_owned(), "sync".to_owned()].into_iter();
    let words = words.chain(config);
    // What was given may come from a variable or the file: then a default has to be given too.
    let flags = best
        .pace
        .flags_besides(Group::Pace, &[&Given::defaults(), &options.pace.given]);
    Some(words.chain(flags).collect::<Vec<_>>().join(" "))
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
                figures.throttled, figures.writes, figures.throttled_percent
            ),
        ),
        ("EarlyCalls", figures.early_calls.to_string()),
        ("QuotaUsed", format!("{} %", figures.quota_used_percent)),
    ]);
    output::list(&lines)
}

/// `1276 (25 list, 1250 batch, 1 token)`.
fn requests(requests: &Requests) -> String {
    let kinds: Vec<String> = kinds(requests)
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(kind, number)| format!("{number} {}", kind.to_lowercase()))
        .collect();
    format!("{} ({})", requests.total(), kinds.join(", "))
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
    let pace = &alternative.pace;
    let [takes, requests, throttled, failed] = match &alternative.estimate {
        Some(estimate) => [
            display_seconds(estimate.duration),
            estimate.requests.to_string(),
            format!("{} %", estimate.throttled),
            format!("{} %", estimate.failed),
        ],
        None => ["does not end", "-", "-", "-"].map(str::to_owned),
    };
    let note = match (alternative.is_the_run, alternative.is_recommended) {
        (true, true) => "this run, recommended",
        (true, false) => "this run",
        (false, true) => "recommended",
        (false, false) => "",
    };
    [
        pace.dispatch.map_or("", Choice::word).to_owned(),
        pace.pace.map_or("", Choice::word).to_owned(),
        takes,
        requests,
        throttled,
        failed,
        note.to_owned(),
    ]
}
