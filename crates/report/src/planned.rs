//! The devices that a plan takes.

use serde::Serialize;

use crate::text::{cell, table};

/// A device that a plan takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PlannedDevice {
    /// Its id in Intune.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its serial number.
    pub serial_number: String,
    /// Its primary user.
    pub user_principal_name: String,
    /// Its operating system.
    pub operating_system: String,
    /// Its last check-in: RFC 3339, in UTC. None if Graph knows of none.
    pub last_sync_date_time: Option<String>,
    /// Why it is not to be synced; none if it is.
    pub skipped: Option<String>,
}

/// The same as a line of its own.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "device", rename_all = "camelCase")]
pub(crate) struct Line<'a> {
    id: &'a str,
    name: &'a str,
    serial_number: &'a str,
    user_principal_name: &'a str,
    operating_system: &'a str,
    last_sync_date_time: Option<&'a str>,
    skipped: Option<&'a str>,
}

impl PlannedDevice {
    /// The names of the columns.
    pub const HEADER: [&'static str; 7] = [
        "Name",
        "Serial number",
        "User",
        "OS",
        "Last check-in",
        "Skipped",
        "Device ID",
    ];

    /// What is in them.
    #[must_use]
    pub fn row(&self) -> [String; 7] {
        [
            self.name.clone(),
            self.serial_number.clone(),
            self.user_principal_name.clone(),
            self.operating_system.clone(),
            self.last_sync_date_time.clone().unwrap_or_default(),
            self.skipped.clone().unwrap_or_default(),
            self.id.clone(),
        ]
    }

    pub(crate) fn line(&self) -> Line<'_> {
        Line {
            id: &self.id,
            name: &self.name,
            serial_number: &self.serial_number,
            user_principal_name: &self.user_principal_name,
            operating_system: &self.operating_system,
            last_sync_date_time: self.last_sync_date_time.as_deref(),
            skipped: self.skipped.as_deref(),
        }
    }
}

/// The devices for people, one a row.
pub(crate) fn text(devices: &[PlannedDevice]) -> String {
    let header = PlannedDevice::HEADER.map(str::to_owned);
    let never = |[name, serial, user, os, last, skipped, id]: [String; 7]| {
        let last = match last.is_empty() {
            true => "never".to_owned(),
            false => last,
        };
        [
            cell(&name, 24),
            cell(&serial, 20),
            cell(&user, 32),
            cell(&os, 16),
            last,
            cell(&skipped, 32),
            id,
        ]
    };
    let rows = devices.iter().map(|device| never(device.row()));
    let rows: Vec<[String; 7]> = std::iter::once(header).chain(rows).collect();
    format!("\n{}", table(&rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> PlannedDevice {
        PlannedDevice {
            id: "00112233-4455-6677-8899-aabbccddeeff".to_owned(),
            name: "PC".to_owned(),
            serial_number: "5CD0".to_owned(),
            user_principal_name: "ann@contoso.com".to_owned(),
            operating_system: "Windows".to_owned(),
            last_sync_date_time: None,
            skipped: Some("platform Linux".to_owned()),
        }
    }

    #[test]
    fn a_device_is_a_row_a_line_and_an_object() {
        let device = device();
        let text = text(std::slice::from_ref(&device));
        let expected = "\nName  Serial number  User             OS       Last check-in  Skipped         Device ID\n\
             PC    5CD0           ann@contoso.com  Windows  never          platform Linux  \
             00112233-4455-6677-8899-aabbccddeeff\n";
        assert_eq!(text, expected);
        let line = serde_json::to_string(&device.line()).expect("JSON");
        assert_eq!(
            line,
            r#"{"event":"device","id":"00112233-4455-6677-8899-aabbccddeeff","name":"PC","serialNumber":"5CD0","userPrincipalName":"ann@contoso.com","operatingSystem":"Windows","lastSyncDateTime":null,"skipped":"platform Linux"}"#
        );
        let object = serde_json::to_value(&device).expect("JSON");
        assert_eq!(object["UserPrincipalName"], "ann@contoso.com");
    }
}
