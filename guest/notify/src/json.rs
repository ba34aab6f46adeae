//! One JSON object. The run's id, its counts and its failed devices have the keys that they have in the JSON of a run.

use serde::Serialize;

use crate::contract::{Counts, FailedDevice, Message};

/// The message.
pub(crate) fn body(message: &Message) -> String {
    serde_json::to_string(&Object::from(message)).expect("it is plain data with text keys")
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Object<'a> {
    text: &'a str,
    outcome: &'a str,
    exit_code: u8,
    #[serde(flatten)]
    counts: Option<Figures>,
    duration_seconds: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    run_id: &'a str,
    started_at: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    tenant: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    identity: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    machine: &'a str,
    failures: Vec<Failure<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    hint: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    next: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Figures {
    total_devices: u32,
    success_count: u32,
    error_count: u32,
    skipped_count: u32,
    gone_count: u32,
    pending_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failure<'a> {
    id: &'a str,
    name: &'a str,
    status: Option<u16>,
    code: &'a str,
    message: &'a str,
    request_id: &'a str,
}

impl<'a> From<&'a Message> for Object<'a> {
    fn from(message: &'a Message) -> Self {
        Self {
            text: &message.headline,
            outcome: &message.outcome,
            exit_code: message.exit_code,
            counts: message.counts.map(Figures::from),
            duration_seconds: message.duration / 1000,
            run_id: &message.run,
            started_at: &message.started_at,
            tenant: &message.tenant,
            identity: &message.identity,
            machine: &message.host,
            failures: message.failures.iter().map(Failure::from).collect(),
            hint: &message.hint,
            next: &message.next,
            version: &message.version,
        }
    }
}

impl From<Counts> for Figures {
    fn from(counts: Counts) -> Self {
        Self {
            total_devices: counts.total,
            success_count: counts.success,
            error_count: counts.error,
            skipped_count: counts.skipped,
            gone_count: counts.gone,
            pending_count: counts.pending,
        }
    }
}

impl<'a> From<&'a FailedDevice> for Failure<'a> {
    fn from(device: &'a FailedDevice) -> Self {
        Self {
            id: &device.id,
            name: &device.name,
            status: device.status,
            code: &device.code,
            message: &device.message,
            request_id: &device.request_id,
        }
    }
}
