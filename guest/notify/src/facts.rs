//! What Teams and Slack show of a message, in words: both write it from here.

use crate::contract::{Counts, FailedDevice, Message};

/// What is known besides the headline, each with its name. What is not known is left out.
pub(crate) fn facts(message: &Message) -> Vec<(&'static str, String)> {
    let text = |name, value: &str| (name, value.to_owned());
    let known = [
        text("Tenant", &message.tenant),
        text("Identity", &message.identity),
        text("Run", &message.run),
        text("Started", &message.started_at),
        ("Duration", duration(message.duration)),
        ("Exit code", message.exit_code.to_string()),
        text("Machine", &message.host),
    ];
    known
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// The counts, each with its name.
pub(crate) fn figures(counts: &Counts) -> [(&'static str, u32); 6] {
    [
        ("Total", counts.total),
        ("Accepted", counts.success),
        ("Failed", counts.error),
        ("Skipped", counts.skipped),
        ("Gone", counts.gone),
        ("Pending", counts.pending),
    ]
}

/// What a failed device is called.
pub(crate) fn name(device: &FailedDevice) -> &str {
    match device.name.as_str() {
        "" => &device.id,
        name => name,
    }
}

/// Why a device has failed: `403 Forbidden: message`, as far as it is known.
pub(crate) fn reason(device: &FailedDevice) -> String {
    let status = device.status.map(|status| status.to_string());
    let code = Some(device.code.clone()).filter(|code| !code.is_empty());
    let head: Vec<String> = status.into_iter().chain(code).collect();
    let mut parts = vec![head.join(" "), device.message.clone()];
    parts.retain(|part| !part.is_empty());
    parts.join(": ")
}

/// The devices that have failed and are not named.
pub(crate) fn not_named(message: &Message) -> u64 {
    let failed = message.counts.map_or(0, |counts| counts.error);
    u64::from(failed).saturating_sub(message.failures.len() as u64)
}

/// `42 s`, `7 min 5 s`, `1 h 2 min`.
fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_what_is_known() {
        for (status, code, message, expected) in [
            (Some(403), "Forbidden", "no", "403 Forbidden: no"),
            (Some(403), "", "", "403"),
            (None, "", "no", "no"),
            (None, "", "", ""),
        ] {
            let device = FailedDevice {
                id: String::new(),
                name: String::new(),
                status,
                code: code.to_owned(),
                message: message.to_owned(),
                request_id: String::new(),
            };
            assert_eq!(reason(&device), expected);
        }
    }

    #[test]
    fn durations_are_written_as_people_say_them() {
        for (milliseconds, written) in [
            (999, "0 s"),
            (59_999, "59 s"),
            (425_000, "7 min 5 s"),
            (3_725_000, "1 h 2 min"),
        ] {
            assert_eq!(duration(milliseconds), written);
        }
    }
}
