//! Who has checked in since the sync was accepted.

use std::{cmp::Reverse, collections::BTreeMap};

use intune_sync_history::Device;
use intune_sync_report::{grouped, one_line};

use crate::{listing::Listing, outcomes::platform_name, words::time};

/// The devices whose sync was accepted, as far as it is known whether they have checked in.
#[derive(Debug, Default)]
pub(crate) struct CheckIns {
    /// By operating system, how many have and how many have not.
    platforms: BTreeMap<String, (u64, u64)>,
    unconfirmed: Vec<Device>,
}

/// A row of the table by platform.
pub(crate) struct CheckInRow {
    pub(crate) platform: String,
    pub(crate) checked_in: String,
    pub(crate) unconfirmed: String,
}

impl CheckIns {
    pub(crate) fn add(&mut self, device: Device) {
        let Some(checked_in) = device.checked_in else {
            return;
        };
        let (known, not_yet) = match self.platforms.get_mut(&device.os) {
            Some(counts) => counts,
            None => self.platforms.entry(device.os.clone()).or_default(),
        };
        match checked_in {
            true => *known += 1,
            false => {
                *not_yet += 1;
                self.unconfirmed.push(device);
            }
        }
    }

    /// How many have checked in, and how many have not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let counts = self.platforms.values();
        counts.fold((0, 0), |(known, not_yet), counts| {
            (known + counts.0, not_yet + counts.1)
        })
    }

    /// Platforms, that with most devices first.
    pub(crate) fn platforms(&self) -> Vec<CheckInRow> {
        let mut platforms: Vec<_> = self.platforms.iter().collect();
        platforms.sort_by_key(|(_, (checked_in, unconfirmed))| Reverse(checked_in + unconfirmed));
        let row = |(os, (checked_in, unconfirmed)): (&String, &(u64, u64))| CheckInRow {
            platform: platform_name(os),
            checked_in: grouped(*checked_in),
            unconfirmed: grouped(*unconfirmed),
        };
        platforms.into_iter().map(row).collect()
    }

    /// Those that have not, by name.
    pub(crate) fn listing(mut self) -> Listing<4> {
        self.unconfirmed
            .sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Listing {
            id: "unconfirmed",
            caption: "Devices that have not checked in",
            columns: ["Device", "Device ID", "Platform", "Last check-in"],
            cells: &[
                ("Device", &[0, 1]),
                ("Platform", &[2]),
                ("Last check-in", &[3]),
            ],
            rows: self.unconfirmed.into_iter().map(row).collect(),
        }
    }
}

fn row(device: Device) -> [String; 4] {
    let last = device.last_sync_at.as_deref().map(time);
    [
        one_line(&device.name),
        device.id,
        platform_name(&device.os),
        last.unwrap_or_else(|| "never, or not listed".to_owned()),
    ]
}
