//! Runs and devices as tables, JSON and CSV.

use intune_sync_history::{Device, FailingDevice, Run};
use serde::Serialize;

use crate::{
    cli::{RunsFormat, duration::display},
    commands::{
        report::DeviceRows,
        rows::{aligned, csv},
    },
};

/// Runs, one a row.
pub(super) fn runs(runs: &[Run], format: RunsFormat) -> String {
    let header = [
        "Run", "Started", "Took", "Outcome", "Total", "Success", "Error", "Skipped", "Gone",
        "Pending",
    ];
    let row = |run: &Run| {
        let totals = run.totals;
        [
            run.id.clone(),
            run.started_at.clone(),
            display(totals.duration_ms),
            run.outcome.clone().unwrap_or_else(|| "-".to_owned()),
            totals.total.to_string(),
            totals.success.to_string(),
            totals.error.to_string(),
            totals.skipped.to_string(),
            totals.gone.to_string(),
            totals.pending.to_string(),
        ]
    };
    written(format, header, runs, row)
}

/// The devices of a run, one a row.
pub(super) fn devices(run: &Run, devices: &[Device], format: RunsFormat) -> String {
    /// A run and its devices.
    #[derive(Serialize)]
    struct Shown<'a> {
        #[serde(flatten)]
        run: &'a Run,
        devices: &'a [Device],
    }
    if format == RunsFormat::Json {
        return json(&Shown { run, devices });
    }
    let row = |device: &Device| DeviceRows::row(device.clone());
    match format {
        RunsFormat::Csv => written(format, DeviceRows::HEADER, devices, row),
        RunsFormat::Text | RunsFormat::Json => {
            let header = DeviceRows::shown(&DeviceRows::HEADER);
            written(format, header, devices, |device| {
                DeviceRows::shown(&row(device))
            })
        }
    }
}

/// Devices that fail again and again, one a row.
pub(super) fn failing(failing: &[FailingDevice], format: RunsFormat) -> String {
    let row = |device: &FailingDevice| {
        [
            device.name.clone(),
            device.id.clone(),
            device.reasons.join("; "),
        ]
    };
    written(format, ["Name", "Device ID", "Reasons"], failing, row)
}

fn written<T: Serialize, const N: usize>(
    format: RunsFormat,
    header: [&str; N],
    items: &[T],
    row: impl Fn(&T) -> [String; N],
) -> String {
    let rows = std::iter::once(header.map(str::to_owned)).chain(items.iter().map(row));
    match format {
        RunsFormat::Json => json(&items),
        RunsFormat::Text => aligned(rows),
        RunsFormat::Csv => csv(rows),
    }
}

fn json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}
