//! The other ways to dispatch and to pace, and which of them is best.

use intune_sync_settings::Given;
use intune_sync_wit::{Dispatch, Pace, RunStatus};
use serde::{Serialize, Serializer};

use super::{
    Session,
    figures::{Figures, Percent},
};
use crate::{cli::RehearseOptions, output::minutes};

/// Devices of the fleet with which an alternative is tried.
pub(super) const SAMPLE: u32 = 3_000;

/// Runs count as equally fast if they differ by at most the fastest one's duration divided by this.
const EQUAL: u64 = 50;

/// A run counts as equally reliable if it has at most this many more failed devices than the best, in hundredths of a
/// percent.
const TOLERATED: u64 = 100;

/// A way to dispatch and to pace, and the estimate for it.
pub(super) struct Alternative {
    /// How it is run.
    pub(super) pace: Given,
    /// Devices with which it was tried.
    pub(super) tried_with: u32,
    /// The estimate for the whole fleet; `None` if the rehearsal did not reach its end.
    pub(super) estimate: Option<Estimate>,
    /// It is the one that the options name.
    pub(super) is_the_run: bool,
    /// It is the best.
    pub(super) is_recommended: bool,
}

/// An estimate for the whole fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Estimate {
    /// Milliseconds.
    #[serde(rename = "DurationMinutes", serialize_with = "in_minutes")]
    pub(super) duration: u64,
    /// HTTP requests, those for tokens included.
    #[serde(rename = "HttpRequests")]
    pub(super) requests: u64,
    /// Writes that are throttled.
    #[serde(rename = "ThrottledPercent")]
    pub(super) throttled: Percent,
    /// Devices that fail or are not reached.
    #[serde(rename = "FailedPercent")]
    pub(super) failed: Percent,
}

fn in_minutes<S: Serializer>(duration: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    minutes(*duration).serialize(serializer)
}

/// Tries all other ways with a sample of the fleet.
pub(super) fn others(session: &Session<'_>) -> Vec<Alternative> {
    let RehearseOptions { devices, .. } = *session.options;
    let pace = &session.options.pace.given;
    let sample = devices.min(SAMPLE);
    let mut others = Vec::new();
    for dispatch in [Dispatch::Single, Dispatch::Batch, Dispatch::Bulk] {
        for kind in [Pace::Fixed, Pace::Quota] {
            let other = Given {
                dispatch: Some(dispatch),
                pace: Some(kind),
                ..pace.clone()
            };
            if other == *pace {
                continue;
            }
            let figures = session.rehearse(&other, sample, &mut |_| ());
            others.push(Alternative {
                tried_with: sample,
                estimate: figures
                    .ok()
                    .and_then(|figures| estimate(&figures, &other, devices)),
                pace: other,
                is_the_run: false,
                is_recommended: false,
            });
        }
    }
    others
}

/// The run and the others, the fastest first, the best of them marked.
pub(super) fn table(
    options: &RehearseOptions,
    figures: &Figures,
    mut others: Vec<Alternative>,
) -> Vec<Alternative> {
    others.push(Alternative {
        pace: options.pace.given.clone(),
        tried_with: options.devices,
        estimate: estimate(figures, &options.pace.given, options.devices),
        is_the_run: true,
        is_recommended: false,
    });
    // Those that did not reach their end come last.
    others.sort_by_key(|other| {
        other.estimate.as_ref().map_or((true, 0, 0), |estimate| {
            (false, estimate.duration, estimate.requests)
        })
    });
    let requested = options.pace.given.dispatch;
    if let Some(best) = best(&others, requested) {
        others[best].is_recommended = true;
    }
    others
}

/// Extrapolates to a fleet of `devices`. The pauses between batches are computed exactly: a sample can have none where
/// the fleet has many.
fn estimate(figures: &Figures, pace: &Given, devices: u32) -> Option<Estimate> {
    let summary = &figures.summary;
    if summary.status != RunStatus::Completed || summary.total == 0 {
        return None;
    }
    let scaled = |figure: u64| {
        let scaled = u128::from(figure) * u128::from(devices) / u128::from(summary.total);
        u64::try_from(scaled).unwrap_or(u64::MAX)
    };
    let busy = summary.duration.saturating_sub(pauses(pace, summary.total));
    Some(Estimate {
        duration: scaled(busy).saturating_add(pauses(pace, devices)),
        requests: scaled(figures.requests.total()),
        throttled: figures.throttled_percent,
        failed: Percent::of(
            u64::from(summary.error) + u64::from(summary.pending),
            summary.total.into(),
        ),
    })
}

/// The pauses between the batches of this many devices, in milliseconds.
fn pauses(pace: &Given, devices: u32) -> u64 {
    // The command line has filled in the defaults.
    let size = pace.batch_size.unwrap_or_default();
    let delay = pace.batch_delay.unwrap_or_default();
    match pace.pace {
        Some(Pace::Quota) => 0,
        Some(Pace::Fixed) | None => {
            let batches = u64::from(devices.div_ceil(size.max(1)));
            batches.saturating_sub(1) * delay
        }
    }
}

/// Among the most reliable ones the fastest, and among equally fast ones the one that is throttled least and takes the
/// fewest requests. The bulk action belongs to Graph's beta: it is recommended only if it was requested.
fn best(alternatives: &[Alternative], requested: Option<Dispatch>) -> Option<usize> {
    let bulk = Some(Dispatch::Bulk);
    let eligible = || {
        let all = alternatives.iter().enumerate();
        all.filter(|(_, other)| other.pace.dispatch != bulk || requested == bulk)
            .filter_map(|(at, other)| Some((at, other.estimate.as_ref()?)))
    };
    let fewest = eligible().map(|(_, estimate)| estimate.failed).min()?;
    let reliable = || eligible().filter(|(_, estimate)| estimate.failed.0 <= fewest.0 + TOLERATED);
    let fastest = reliable().map(|(_, estimate)| estimate.duration).min()?;
    reliable()
        .filter(|(_, estimate)| estimate.duration <= fastest.saturating_add(fastest / EQUAL))
        .min_by_key(|(_, estimate)| (estimate.throttled, estimate.requests, estimate.duration))
        .map(|(at, _)| at)
}
