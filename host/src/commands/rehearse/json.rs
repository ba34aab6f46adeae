//! The JSON object of a rehearsal: the keys of a run's object, and more.

use intune_sync_settings::Choice;
use intune_sync_simulator::Requests;
use serde::Serialize;

use super::{Figures, alternatives::Alternative, text};
use crate::{
    cli::RehearseOptions,
    output::{Counts, Ending, ErrorObject, minutes},
};

/// One line of JSON; `host/schemas/rehearsal.schema.json` describes it.
pub(super) fn report(
    options: &RehearseOptions,
    figures: &Figures,
    alternatives: &[Alternative],
) -> String {
    let object = Report::new(options, figures, alternatives);
    let text = serde_json::to_string(&object).expect("numbers and texts can be written as JSON");
    format!("{text}\n")
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Report<'a> {
    #[serde(flatten)]
    counts: Counts<'a>,
    seed: u64,
    outcome: Ending,
    requests: ByKind,
    writes: u64,
    throttled_writes: u64,
    throttled_percent: f64,
    early_calls: u64,
    quota_used_percent: f64,
    alternatives: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommended: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ByKind {
    list: u64,
    single: u64,
    batch: u64,
    bulk: u64,
    token: u64,
    other: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    dispatch: &'static str,
    pace: &'static str,
    tried_with_devices: u32,
    is_this_run: bool,
    is_recommended: bool,
    #[serde(flatten)]
    estimate: Option<Estimated>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Estimated {
    duration_minutes: f64,
    http_requests: u64,
    throttled_percent: f64,
    failed_percent: f64,
}

impl<'a> Report<'a> {
    fn new(options: &RehearseOptions, figures: &'a Figures, alternatives: &[Alternative]) -> Self {
        let summary = &figures.summary;
        Self {
            counts: Counts(summary),
            seed: options.tenant.seed,
            outcome: Ending::of(summary),
            requests: (&figures.requests).into(),
            writes: figures.writes,
            throttled_writes: figures.throttled,
            throttled_percent: percent(figures.throttled_share()),
            early_calls: figures.early_calls,
            quota_used_percent: percent(figures.quota_used),
            alternatives: alternatives.iter().map(Row::from).collect(),
            recommended: text::recommended(alternatives),
            error: ErrorObject::of(summary),
        }
    }
}

impl From<&Requests> for ByKind {
    fn from(requests: &Requests) -> Self {
        Self {
            list: requests.list,
            single: requests.sync,
            batch: requests.batch,
            bulk: requests.execute_action,
            token: requests.identity,
            other: requests.other,
        }
    }
}

impl From<&Alternative> for Row {
    fn from(alternative: &Alternative) -> Self {
        Self {
            dispatch: alternative.pace.dispatch.unwrap_or_default().word(),
            pace: alternative.pace.pace.unwrap_or_default().word(),
            tried_with_devices: alternative.tried_with,
            is_this_run: alternative.is_the_run,
            is_recommended: alternative.is_recommended,
            estimate: alternative.estimate.as_ref().map(|estimate| Estimated {
                duration_minutes: minutes(estimate.duration),
                http_requests: estimate.requests,
                throttled_percent: percent(estimate.throttled),
                failed_percent: percent(estimate.failed),
            }),
        }
    }
}

/// Hundredths of a percent as percent. The quotient of two whole numbers is the double nearest to these decimals.
fn percent(hundredths: u64) -> f64 {
    hundredths as f64 / 100.0
}
