//! Puts the page together.

use askama::Template;
use intune_sync_history::{DeviceOutcome, Run, Totals};
use intune_sync_report::{devices, grouped, one_line};
use intune_sync_settings::duration::display;

use crate::{
    Page, chart,
    check_ins::CheckInRow,
    listing::Listing,
    outcomes::{PlatformRow, ReasonRow, label},
    policy::policy,
    sentence,
    series::{Series, merged},
    words::{moment, time},
};

const STYLE: &str = include_str!("../templates/page.css");
const SCRIPT: &str = include_str!("../templates/page.js");

/// The page.
pub(crate) fn render(page: Page) -> String {
    let Page {
        run,
        totals,
        resumed,
        waits,
        accepted,
        outcomes,
        failures,
        check_ins,
    } = page;
    let (tone, sentence) = sentence::of(&run, &totals);
    let waits = merged(waits);
    let (checked_in, unconfirmed) = check_ins.counts();
    let document = Document {
        policy: policy(STYLE, SCRIPT),
        style: STYLE,
        script: SCRIPT,
        started: time(&run.started_at),
        tone: tone.class(),
        sentence,
        hint: run.hint.as_deref().map(one_line).unwrap_or_default(),
        figures: figures(&totals),
        more_figures: more_figures(&totals),
        chart: Chart::of(&accepted, &waits),
        columns: outcomes.columns().into_iter().map(label).collect(),
        platforms: outcomes.platforms(),
        reasons: outcomes.reasons(),
        failures: failures.listing(),
        check_ins: run.confirmed_at.as_deref().map(|at| Confirmed {
            at: time(at),
            checked_in: grouped(checked_in),
            of: devices(checked_in + unconfirmed),
            platforms: check_ins.platforms(),
        }),
        unconfirmed: check_ins.listing(),
        facts: facts(&run, &resumed),
        id: run.id,
    };
    document.render().expect("a text takes everything")
}

/// What the template is filled with.
#[derive(Template)]
#[template(path = "page.html")]
struct Document {
    policy: String,
    style: &'static str,
    script: &'static str,
    id: String,
    started: String,
    tone: &'static str,
    sentence: String,
    hint: String,
    figures: [(&'static str, String); 5],
    more_figures: Vec<(&'static str, String)>,
    chart: Option<Chart>,
    columns: Vec<&'static str>,
    platforms: Vec<PlatformRow>,
    reasons: Vec<ReasonRow>,
    failures: Listing<10>,
    check_ins: Option<Confirmed>,
    unconfirmed: Listing<4>,
    facts: Vec<(&'static str, Vec<String>)>,
}

/// The chart, and the same in words.
struct Chart {
    wide: String,
    narrow: String,
    text: String,
    step: String,
    intervals: Vec<(String, String)>,
    waits: Vec<(String, String)>,
}

/// Who has checked in.
struct Confirmed {
    at: String,
    checked_in: String,
    of: String,
    platforms: Vec<CheckInRow>,
}

impl Chart {
    /// The chart of these moments. `None` of none.
    fn of(accepted: &[i64], waits: &[(i64, i64)]) -> Option<Self> {
        let series = Series::of(accepted, chart::WIDE.intervals)?;
        let narrow = Series::of(accepted, chart::NARROW.intervals)?;
        let step = length(series.step);
        let waited: i64 = waits.iter().map(|(at, until)| until - at).sum();
        let waited = match waits.len() {
            0 => "Graph never asked to wait".to_owned(),
            1 => format!("everything waited once, for {}", length(waited)),
            times => format!(
                "everything waited {times} times, for {} in all",
                length(waited)
            ),
        };
        let (first, last) = (accepted.iter().min()?, accepted.iter().max()?);
        Some(Self {
            wide: chart::svg(&series, waits, chart::WIDE),
            narrow: chart::svg(&narrow, waits, chart::NARROW),
            text: format!(
                "{} accepted between {} and {}, at most {} in {step}; {waited}.",
                syncs(accepted.len() as u64),
                moment(*first),
                moment(*last),
                grouped(series.highest()),
            ),
            intervals: series
                .intervals()
                .map(|(at, count)| (moment(at), grouped(count)))
                .collect(),
            waits: waits
                .iter()
                .map(|(at, until)| (moment(*at), length(until - at)))
                .collect(),
            step,
        })
    }
}

/// The runbook's five.
fn figures(totals: &Totals) -> [(&'static str, String); 5] {
    [
        ("Devices", grouped(totals.total)),
        ("Accepted", grouped(totals.success)),
        ("Failed", grouped(totals.error)),
        ("Duration", display(totals.duration_ms)),
        ("Batches", grouped(totals.batches)),
    ]
}

/// The others, as far as there is anything to say.
fn more_figures(totals: &Totals) -> Vec<(&'static str, String)> {
    let figures = [
        (label(DeviceOutcome::Skipped), totals.skipped),
        (label(DeviceOutcome::Gone), totals.gone),
        (label(DeviceOutcome::Pending), totals.pending),
        ("Retries", totals.retries),
        ("Throttled", totals.throttled),
        ("HTTP requests", totals.requests),
    ];
    figures
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name, grouped(count)))
        .collect()
}

/// What the run was, in the words of the command line.
fn facts(run: &Run, resumed: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let ended = run.ended_at.as_deref().map(time);
    let mut facts = vec![
        ("Run", vec![run.id.clone()]),
        ("Tenant", vec![run.subject.tenant.clone()]),
        ("Cloud", vec![run.subject.cloud.clone()]),
        ("Identity", vec![run.subject.app.clone()]),
        ("Selection", flags(&run.selection, "all devices")),
        ("Settings", flags(&run.settings, "the defaults")),
        ("Started", vec![time(&run.started_at)]),
        (
            "Ended",
            vec![ended.unwrap_or_else(|| "not recorded".to_owned())],
        ),
        ("Program", vec![format!("intune-sync {}", run.program)]),
        ("Component SHA-256", vec![run.component_sha256.clone()]),
        (
            "Evidence SHA-256",
            vec![
                run.evidence_sha256
                    .clone()
                    .unwrap_or_else(|| "not recorded".to_owned()),
            ],
        ),
    ];
    if !resumed.is_empty() {
        facts.insert(1, ("Goes on with", resumed.to_vec()));
    }
    for (_, values) in &mut facts {
        for value in values {
            *value = one_line(value);
        }
    }
    facts
}

/// Flags as the history writes them, each with its value; `none` is what no flag means.
fn flags(json: &str, none: &str) -> Vec<String> {
    let texts: Vec<String> = serde_json::from_str(json).unwrap_or_else(|_| vec![json.to_owned()]);
    let mut flags: Vec<String> = Vec::new();
    for text in texts {
        match flags.last_mut() {
            Some(flag) if !text.starts_with("--") && flag.starts_with("--") => {
                flag.push(' ');
                flag.push_str(&text);
            }
            _ => flags.push(text),
        }
    }
    if flags.is_empty() {
        flags.push(none.to_owned());
    }
    flags
}

fn syncs(count: u64) -> String {
    match count {
        1 => "1 sync was".to_owned(),
        _ => format!("{} syncs were", grouped(count)),
    }
}

fn length(ms: i64) -> String {
    display(u64::try_from(ms).unwrap_or(0))
}
