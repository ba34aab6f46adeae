//! A small run, for the tests.

use intune_sync_history::{Departure, Header, Recorder, RequestKind, Return, Selected, Subject};
use intune_sync_ids::Guid;
use intune_sync_wit::{self as wit, DeviceDone, Failure, Outcome, RunStatus, Summary};

pub(crate) const NOW: i64 = 1_795_000_000_000;

pub(crate) fn subject() -> Subject {
    Subject {
        cloud: "public".to_owned(),
        tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
        app: "22222222-2222-4222-8222-222222222222".to_owned(),
    }
}

/// The header of the run `number`, which begins `number` seconds after midnight.
pub(crate) fn header(number: u32) -> Header {
    Header {
        id: format!("20261126-{number:06}-0000"),
        started_at: format!("2026-11-26T00:{:02}:{:02}.000Z", number / 60, number % 60),
        subject: subject(),
        settings: r#"{"dispatch":"batch"}"#.to_owned(),
        selection: "{}".to_owned(),
        arguments: "[]".to_owned(),
        program: "0.1.0".to_owned(),
        component_sha256: "00".repeat(32),
    }
}

pub(crate) fn device(number: u64) -> Guid {
    Guid::from_halves(number.wrapping_mul(0x9e37_79b9_7f4a_7c15), number)
}

pub(crate) fn selected(numbers: impl IntoIterator<Item = u64>) -> Vec<Selected> {
    let select = |number| Selected {
        id: device(number),
        name: format!("PC-{number:05}"),
        os: "Windows".to_owned(),
    };
    numbers.into_iter().map(select).collect()
}

pub(crate) fn done(number: u64, outcome: Outcome) -> DeviceDone {
    let (hi, lo) = device(number).halves();
    DeviceDone {
        id: wit::Guid { hi, lo },
        name: format!("PC-{number:05}"),
        os: String::new(),
        last_sync: None,
        attempts: 1,
        outcome,
    }
}

pub(crate) fn failed() -> Outcome {
    Outcome::Failed(Failure {
        status: Some(400),
        code: "BadRequest".to_owned(),
        message: "cannot sync".to_owned(),
        request_id: "r".to_owned(),
        client_request_id: "c".to_owned(),
    })
}

pub(crate) fn summary(total: u32, success: u32, error: u32, status: RunStatus) -> Summary {
    Summary {
        total,
        success,
        error,
        skipped: 0,
        gone: 0,
        pending: total - success - error,
        batches: 0,
        retries: 0,
        throttled: 0,
        requests: success.into(),
        duration: 1_000,
        status,
    }
}

/// A request for these devices, with its response.
pub(crate) fn exchange(recorder: &Recorder, numbers: impl IntoIterator<Item = u64>) {
    let seq = recorder.left(Departure {
        at: NOW,
        kind: RequestKind::Batch,
        devices: numbers.into_iter().map(device).collect(),
    });
    recorder.returned(seq, response(200));
}

pub(crate) fn response(status: u16) -> Return {
    Return {
        status: Some(status),
        request_id: Some("33333333-3333-4333-8333-333333333333".to_owned()),
        ms: 12,
    }
}
