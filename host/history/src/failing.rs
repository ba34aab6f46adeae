//! Devices that failed in each of the last runs.

use std::collections::HashMap;

use serde::Serialize;

use crate::{DeviceFilter, DeviceOutcome, Error, History, RunFilter};

/// A device that failed in each of the last runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailingDevice {
    /// Its id in Intune.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Why, the latest run first; each reason once.
    pub reasons: Vec<String>,
}

impl History {
    /// The devices that failed in each of the last `last` runs that got to their devices, and the ids of these runs,
    /// the latest first. The parts of a resumed run are one run.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn failing(&self, last: usize) -> Result<(Vec<String>, Vec<FailingDevice>), Error> {
        let runs = self.runs(&RunFilter::default())?;
        let resumed: Vec<&String> = runs.iter().filter_map(|run| run.resumes.as_ref()).collect();
        let runs: Vec<String> = runs
            .iter()
            .filter(|run| run.totals.total > 0 && !resumed.contains(&&run.id))
            .map(|run| run.id.clone())
            .take(last)
            .collect();
        let mut failing: Option<HashMap<String, FailingDevice>> = None;
        for run in &runs {
            let mut known = failing.take();
            let mut again = HashMap::new();
            self.devices(run, DeviceFilter::Only(DeviceOutcome::Failed), |device| {
                let reason = reason(device.status, device.code, device.message);
                let failed = match &mut known {
                    None => Some(FailingDevice {
                        id: device.id.clone(),
                        name: device.name,
                        reasons: Vec::new(),
                    }),
                    Some(known) => known.remove(&device.id),
                };
                if let Some(mut failed) = failed {
                    if !failed.reasons.contains(&reason) {
                        failed.reasons.push(reason);
                    }
                    again.insert(device.id, failed);
                }
                Ok::<(), Error>(())
            })?;
            failing = Some(again);
        }
        let mut failing: Vec<FailingDevice> = failing.unwrap_or_default().into_values().collect();
        failing.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok((runs, failing))
    }
}

/// `404 NotFound: message`, as far as there is any.
fn reason(status: Option<u16>, code: Option<String>, message: Option<String>) -> String {
    let mut reason = status.map(|status| status.to_string()).unwrap_or_default();
    for (before, part) in [(" ", code), (": ", message)] {
        let part = part.unwrap_or_default();
        if !part.is_empty() {
            if !reason.is_empty() {
                reason.push_str(before);
            }
            reason.push_str(&part);
        }
    }
    reason
}
