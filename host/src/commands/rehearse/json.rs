//! The JSON object of a rehearsal: the keys of a run's object, and more.

use intune_sync_settings::Choice;
use serde::Serialize;

use super::{
    Figures,
    alternatives::{Alternative, Estimate},
    text,
};
use crate::{
    cli::RehearseOptions,
    output::{Counts, Ending, ErrorObject},
};

/// One line of JSON; `host/schemas/rehearsal.schema.json` describes it.
pub(super) fn report(
    options: &RehearseOptions,
    figures: &Figures,
    alternatives: &[Alternative],
) -> String {
    let summary = &figures.summary;
    let object = Report {
        counts: Counts(summary),
        seed: options.tenant.seed,
        outcome: Ending::of(summary),
        figures,
        alternatives: alternatives.iter().map(Row::from).collect(),
        recommended: text::recommended(options, alternatives),
        error: ErrorObject::of(summary),
    };
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
    #[serde(flatten)]
    figures: &'a Figures,
    alternatives: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommended: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row<'a> {
    dispatch: &'static str,
    pace: &'static str,
    tried_with_devices: u32,
    is_this_run: bool,
    is_recommended: bool,
    #[serde(flatten)]
    estimate: Option<&'a Estimate>,
}

impl<'a> From<&'a Alternative> for Row<'a> {
    fn from(alternative: &'a Alternative) -> Self {
        Self {
            dispatch: alternative.pace.dispatch.map_or("", Choice::word),
            pace: alternative.pace.pace.map_or("", Choice::word),
            tried_with_devices: alternative.tried_with,
            is_this_run: alternative.is_the_run,
            is_recommended: alternative.is_recommended,
            estimate: alternative.estimate.as_ref(),
        }
    }
}
