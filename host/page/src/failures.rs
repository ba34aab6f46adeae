//! The devices that failed, with the ids of their requests.

use intune_sync_history::Device;
use intune_sync_report::one_line;

use crate::{listing::Listing, outcomes::platform_name, words::moment};

/// The devices that failed.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<Device>);

impl Failures {
    pub(crate) fn add(&mut self, device: Device) {
        self.0.push(device);
    }

    /// Their table, by name.
    pub(crate) fn listing(mut self) -> Listing<10> {
        self.0
            .sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Listing {
            id: "failures",
            caption: "Devices whose sync failed",
            columns: [
                "Device",
                "Device ID",
                "Platform",
                "Status",
                "Code",
                "Message",
                "Attempts",
                "When",
                "Request ID",
                "Client request ID",
            ],
            cells: &[
                ("Device", &[0, 1]),
                ("Platform", &[2]),
                ("Reason", &[3, 4, 5]),
                ("Attempts", &[6]),
                ("When", &[7]),
                ("Request and client request ID", &[8, 9]),
            ],
            rows: self.0.into_iter().map(row).collect(),
        }
    }
}

fn row(device: Device) -> [String; 10] {
    let text = |text: Option<String>| one_line(&text.unwrap_or_default());
    [
        one_line(&device.name),
        device.id,
        platform_name(&device.os),
        device
            .status
            .map_or_else(|| "no response".to_owned(), |status| status.to_string()),
        text(device.code),
        text(device.message),
        device.attempts.to_string(),
        moment(device.at),
        text(device.request_id),
        text(device.client_request_id),
    ]
}
