//! The devices of a run, one a row, for people and for spreadsheets.

use intune_sync_history::Device;
use jiff::Timestamp;

/// The columns, and what a device has in them.
pub(in crate::commands) struct DeviceRows;

impl DeviceRows {
    pub(in crate::commands) const HEADER: [&str; 13] = [
        "Name",
        "Device ID",
        "OS",
        "Outcome",
        "Status",
        "Code",
        "Message",
        "Checked in",
        "Last check-in",
        "Attempts",
        "At",
        "Request ID",
        "Client request ID",
    ];

    /// What people see on a terminal: the rest is for what reads a file.
    pub(in crate::commands) fn shown<T: Clone>(row: &[T; 13]) -> [T; 9] {
        std::array::from_fn(|at| row[at].clone())
    }

    /// A device.
    pub(in crate::commands) fn row(device: Device) -> [String; 13] {
        let checked_in = match device.checked_in {
            None => "",
            Some(true) => "yes",
            Some(false) => "no",
        };
        let status = device.status.map(|status| status.to_string());
        let at = Timestamp::from_millisecond(device.at).map(|at| format!("{at:.3}"));
        [
            device.name,
            device.id,
            device.os,
            device.outcome,
            status.unwrap_or_default(),
            device.code.unwrap_or_default(),
            device.message.unwrap_or_default(),
            checked_in.to_owned(),
            device.last_sync_at.unwrap_or_default(),
            device.attempts.to_string(),
            at.unwrap_or_default(),
            device.request_id.unwrap_or_default(),
            device.client_request_id.unwrap_or_default(),
        ]
    }
}
