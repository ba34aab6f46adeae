//! The least and the greatest of every number, in every format.

use intune_sync_report::Format;
use intune_sync_wit::{
    Batch, EventKind, Failure, GroupCount, Incomplete, Listed, Outcome, Plan, Purpose, Retried,
    Retrying, RunStatus, Summary, Throttled,
};

use super::{device, run};
use crate::cli::Verbosity;

/// A component makes its numbers up.
#[test]
fn no_number_breaks_a_report() {
    let numbers = [0, u32::MAX];
    let scripts = numbers.into_iter().flat_map(|first| {
        numbers.map(|then| {
            let events = extremes(first).into_iter().chain(extremes(then));
            (0..).step_by(20).zip(events).collect::<Vec<_>>()
        })
    });
    let count = u32::MAX;
    let summary = Summary {
        total: count,
        success: count,
        error: count,
        skipped: count,
        gone: count,
        pending: count,
        batches: count,
        retries: u64::MAX,
        throttled: u64::MAX,
        requests: u64::MAX,
        duration: u64::MAX,
        status: RunStatus::Completed,
    };
    for script in scripts {
        for format in [Format::Text, Format::Json, Format::Jsonl] {
            for purpose in [Purpose::Sync, Purpose::Plan] {
                for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
                    let (stdout, _) = run(format, verbosity, purpose, script.clone(), &summary);
                    assert!(!stdout.is_empty());
                }
            }
        }
    }
}

/// Each kind of event with every number at its least or its greatest.
fn extremes(number: u32) -> Vec<EventKind> {
    let long = if number == 0 { 0 } else { u64::MAX };
    let status = u16::try_from(number).unwrap_or(u16::MAX);
    let groups = || {
        let group = GroupCount {
            label: "a reason".into(),
            devices: number,
        };
        vec![group.clone(), group]
    };
    let batch = || Batch {
        number,
        of: number,
        first: number,
        last: number,
        total: number,
    };
    let failure = Failure {
        status: Some(status),
        code: String::new(),
        message: String::new(),
        request_id: String::new(),
        client_request_id: String::new(),
    };
    vec![
        EventKind::Listed(Listed {
            pages: number,
            devices: number,
        }),
        EventKind::Incomplete(Incomplete {
            listed: number,
            counted: Some(number),
        }),
        EventKind::Planned(Plan {
            listed: number,
            total: number,
            to_sync: number,
            skipped: groups(),
            platforms: groups(),
            batches: number,
            requests: number,
            expected: long,
        }),
        EventKind::BatchStarted(batch()),
        EventKind::BatchFinished(batch()),
        device(long, number, Outcome::Accepted),
        device(long, number, Outcome::Gone),
        device(long, number, Outcome::Skipped(String::new())),
        device(long, number, Outcome::Failed(failure)),
        EventKind::Throttled(Throttled {
            wait: long,
            named: true,
            status,
        }),
        EventKind::Retrying(Retrying {
            what: Retried::Sync,
            devices: number,
            status: Some(status),
            code: String::new(),
            wait: long,
        }),
        EventKind::TokenRenewed,
        EventKind::Notice(String::new()),
    ]
}
