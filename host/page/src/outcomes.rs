//! How many devices have which outcome, by platform and by reason.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use intune_sync_history::{Device, DeviceOutcome};
use intune_sync_report::{grouped, one_line};

/// The most reasons that are shown; what is beyond is counted together.
const REASONS_SHOWN: usize = 30;

/// The outcomes in the order of the page's columns.
pub(crate) const ORDER: [DeviceOutcome; 5] = [
    DeviceOutcome::Accepted,
    DeviceOutcome::Failed,
    DeviceOutcome::Skipped,
    DeviceOutcome::Gone,
    DeviceOutcome::Pending,
];

/// The page's name of an outcome.
pub(crate) const fn label(outcome: DeviceOutcome) -> &'static str {
    match outcome {
        DeviceOutcome::Accepted => "Accepted",
        DeviceOutcome::Failed => "Failed",
        DeviceOutcome::Skipped => "Skipped",
        DeviceOutcome::Gone => "Gone",
        DeviceOutcome::Pending => "Not reached",
    }
}

/// Counts of devices.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    platforms: BTreeMap<String, [u64; ORDER.len()]>,
    reasons: HashMap<Reason, Reasoned>,
}

/// What devices that did not get a sync have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Reason {
    outcome: DeviceOutcome,
    status: Option<u16>,
    code: String,
    /// Why one was skipped. Graph's messages name requests, so that no two of them are the same.
    skipped: Option<String>,
}

#[derive(Debug)]
struct Reasoned {
    devices: u64,
    message: String,
    /// Others have another message.
    varies: bool,
}

/// A row of the table by platform.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlatformRow {
    pub(crate) platform: String,
    pub(crate) counts: Vec<String>,
}

/// A row of the table by reason.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReasonRow {
    pub(crate) outcome: &'static str,
    /// Status and code.
    pub(crate) response: String,
    pub(crate) message: String,
    pub(crate) devices: String,
}

impl Outcomes {
    pub(crate) fn add(&mut self, outcome: DeviceOutcome, device: &Device) {
        let counts = match self.platforms.get_mut(&device.os) {
            Some(counts) => counts,
            None => self.platforms.entry(device.os.clone()).or_default(),
        };
        for (known, count) in ORDER.into_iter().zip(counts) {
            *count += u64::from(known == outcome);
        }
        if matches!(outcome, DeviceOutcome::Accepted | DeviceOutcome::Pending) {
            return;
        }
        let message = device.message.clone().unwrap_or_default();
        let reason = Reason {
            outcome,
            status: device.status,
            code: device.code.clone().unwrap_or_default(),
            skipped: (outcome == DeviceOutcome::Skipped).then(|| message.clone()),
        };
        let reasoned = self.reasons.entry(reason).or_insert_with(|| Reasoned {
            devices: 0,
            message: message.clone(),
            varies: false,
        });
        reasoned.devices += 1;
        reasoned.varies |= reasoned.message != message;
    }

    /// The outcomes that any device has.
    pub(crate) fn columns(&self) -> Vec<DeviceOutcome> {
        let has_any = |at: usize| self.platforms.values().any(|counts| counts[at] > 0);
        let columns = ORDER.into_iter().enumerate();
        columns
            .filter(|(at, _)| has_any(*at))
            .map(|(_, outcome)| outcome)
            .collect()
    }

    /// Platforms, that with most devices first; the counts are those of [`Self::columns`].
    pub(crate) fn platforms(&self) -> Vec<PlatformRow> {
        let columns = self.columns();
        let shown = |(platform, counts): (&String, &[u64; ORDER.len()])| {
            let counts = ORDER.into_iter().zip(counts);
            let counts = counts.filter(|(outcome, _)| columns.contains(outcome));
            PlatformRow {
                platform: platform_name(platform),
                counts: counts.map(|(_, count)| grouped(*count)).collect(),
            }
        };
        let mut platforms: Vec<_> = self.platforms.iter().collect();
        platforms.sort_by_key(|(_, counts)| Reverse(counts.iter().sum::<u64>()));
        platforms.into_iter().map(shown).collect()
    }

    /// Reasons, that of most devices first.
    pub(crate) fn reasons(&self) -> Vec<ReasonRow> {
        let mut reasons: Vec<(&Reason, &Reasoned)> = self.reasons.iter().collect();
        reasons.sort_by(|(a, x), (b, y)| y.devices.cmp(&x.devices).then_with(|| a.cmp(b)));
        let shown = |(reason, reasoned): &(&Reason, &Reasoned)| ReasonRow {
            outcome: label(reason.outcome),
            response: response(reason.status, &reason.code),
            message: match (reason.outcome, reasoned.varies) {
                (DeviceOutcome::Gone, _) => "no longer in Intune".to_owned(),
                (_, false) => one_line(&reasoned.message),
                (_, true) => format!("{}, and other messages", one_line(&reasoned.message)),
            },
            devices: grouped(reasoned.devices),
        };
        let mut rows: Vec<ReasonRow> = reasons.iter().take(REASONS_SHOWN).map(shown).collect();
        let others = reasons.get(REASONS_SHOWN..).unwrap_or_default();
        if !others.is_empty() {
            rows.push(ReasonRow {
                outcome: "Others",
                response: String::new(),
                message: format!("{} other reasons", others.len()),
                devices: grouped(others.iter().map(|(_, reasoned)| reasoned.devices).sum()),
            });
        }
        rows
    }
}

/// `404 NotFound`, as far as there is any.
pub(crate) fn response(status: Option<u16>, code: &str) -> String {
    let status = status.map(|status| status.to_string()).unwrap_or_default();
    format!("{status} {}", one_line(code)).trim().to_owned()
}

/// A platform's name; Graph may have listed none.
pub(crate) fn platform_name(os: &str) -> String {
    match one_line(os) {
        os if os.is_empty() => "unknown".to_owned(),
        os => os,
    }
}
