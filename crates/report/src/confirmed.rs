//! Who has checked in since the sync was accepted.

use serde::Serialize;

use crate::{
    one_line,
    text::{cell, list, table},
};

/// How many devices the report for people lists.
const SHOWN: usize = 20;

/// Who has checked in since the sync was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Confirmed {
    /// When the list was read again: RFC 3339, in UTC.
    pub checked_at: String,
    /// Devices that have checked in since their sync was accepted.
    pub checked_in: u64,
    /// Devices that have not.
    pub unconfirmed: u64,
    /// Both, by operating system, the largest first.
    pub platforms: Vec<ConfirmedPlatform>,
    /// The devices that have not.
    pub devices: Vec<UnconfirmedDevice>,
}

/// How many devices of a platform have checked in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConfirmedPlatform {
    /// The operating system; empty where it is not known.
    pub platform: String,
    /// Devices that have checked in.
    pub checked_in: u64,
    /// Devices that have not.
    pub unconfirmed: u64,
}

/// A device that has not checked in since its sync was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UnconfirmedDevice {
    /// Its id in Intune.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its operating system; empty where it is not known.
    pub operating_system: String,
    /// Its last check-in: RFC 3339, in UTC. None if Graph knows of none, or no longer lists the device.
    #[serde(rename = "LastSyncDateTime")]
    pub last_sync: Option<String>,
}

impl Confirmed {
    /// The report for people. `command` shows all the devices.
    #[must_use]
    pub fn text(&self, command: &str) -> String {
        let mut text = list(&[
            ("CheckedIn", self.checked_in.to_string()),
            ("Unconfirmed", self.unconfirmed.to_string()),
        ]);
        let header = ["Platform", "CheckedIn", "Unconfirmed"].map(str::to_owned);
        let platforms = self.platforms.iter().map(|platform| {
            [
                known(&platform.platform),
                platform.checked_in.to_string(),
                platform.unconfirmed.to_string(),
            ]
        });
        let rows: Vec<[String; 3]> = std::iter::once(header).chain(platforms).collect();
        text += &format!("\n{}", table(&rows));
        if self.devices.is_empty() {
            return text;
        }
        let header = ["Name", "Id", "Platform", "Last check-in"].map(str::to_owned);
        let devices = self.devices.iter().take(SHOWN).map(|device| {
            [
                cell(&device.name, 24),
                device.id.clone(),
                known(&device.operating_system),
                device
                    .last_sync
                    .as_deref()
                    .map_or_else(|| "-".to_owned(), one_line),
            ]
        });
        let rows: Vec<[String; 4]> = std::iter::once(header).chain(devices).collect();
        text += &format!("\nHave not checked in since:\n{}", table(&rows));
        let hidden = self.devices.len().saturating_sub(SHOWN);
        if hidden > 0 {
            text += &format!("and {hidden} more: `{command}`\n");
        }
        text
    }
}

fn known(platform: &str) -> String {
    match platform {
        "" => "-".to_owned(),
        platform => cell(platform, 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_the_first_twenty_and_how_to_see_all() {
        let device = |number: u64| UnconfirmedDevice {
            id: format!("00000000-0000-0000-0000-{number:012}"),
            name: format!("PC-{number:02}"),
            operating_system: "Windows".to_owned(),
            last_sync: (number > 1).then(|| "2026-11-26T08:00:00Z".to_owned()),
        };
        let confirmed = Confirmed {
            checked_at: "2026-11-26T09:00:00.000Z".to_owned(),
            checked_in: 7,
            unconfirmed: 22,
            platforms: vec![ConfirmedPlatform {
                platform: "Windows".to_owned(),
                checked_in: 7,
                unconfirmed: 22,
            }],
            devices: (1..=22).map(device).collect(),
        };
        let text = confirmed.text("intune-sync runs show R --only unconfirmed");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "CheckedIn   : 7");
        assert!(text.contains("Windows   7          22\n"), "{text}");
        assert!(
            text.contains("PC-01  00000000-0000-0000-0000-000000000001  Windows   -\n"),
            "{text}"
        );
        assert!(!text.contains("PC-21"), "{text}");
        let last = "and 2 more: `intune-sync runs show R --only unconfirmed`";
        assert_eq!(lines.last(), Some(&last));
    }
}
