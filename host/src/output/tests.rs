//! A scripted run in each format.

mod ends;
mod extremes;
mod schemas;

use insta::assert_snapshot;
use intune_sync_report::{ExitStatus, Format, Stop};
use intune_sync_wit::{
    Batch, DeviceDone, Event, EventKind, Failure, GroupCount, Guid, Incomplete, Listed, Outcome,
    Plan, Problem, Purpose, Retried, Retrying, RunStatus, Summary, Throttled,
};
use jiff::{SignedDuration, Timestamp};

use self::schemas::{assert_valid, validator};
use super::Output;
use crate::{
    cli::{OutputOptions, Verbosity},
    printer::{Printer, tests::Written},
};

const RUN: &str = "20261123T021700Z-4f2a";

fn start() -> Timestamp {
    "2026-11-23T02:17:00Z".parse().expect("a time")
}

fn device(number: u64, attempts: u32, outcome: Outcome) -> EventKind {
    let (id, name) = (
        Guid {
            hi: 0x1122_3344_5566,
            lo: number,
        },
        format!("PC-{number:04}"),
    );
    EventKind::DeviceDone(DeviceDone {
        id,
        name,
        os: "Windows".to_owned(),
        last_sync: Some(1_794_000_000),
        attempts,
        outcome,
    })
}

fn failed(number: u64) -> EventKind {
    let failure = Failure {
        status: Some(400),
        code: "BadRequest".into(),
        message: "the device\ncannot sync".into(),
        request_id: "9f0c0000-0000-0000-0000-000000000001".into(),
        client_request_id: "9f0c0000-0000-0000-0000-000000000002".into(),
    };
    device(number, 1, Outcome::Failed(failure))
}

fn without_response(number: u64) -> EventKind {
    let failure = Failure {
        status: None,
        code: "transport".into(),
        message: "connection reset".into(),
        request_id: String::new(),
        client_request_id: "9f0c0000-0000-0000-0000-000000000003".into(),
    };
    device(number, 6, Outcome::Failed(failure))
}

fn batch(number: u32) -> Batch {
    Batch {
        number,
        of: 2,
        first: number * 3 - 2,
        last: number * 3,
        total: 6,
    }
}

fn plan() -> Plan {
    let group = |label: &str, devices| GroupCount {
        label: label.into(),
        devices,
    };
    Plan {
        listed: 9,
        total: 8,
        to_sync: 6,
        skipped: vec![group("platform Linux", 1), group("agent jamf", 1)],
        platforms: vec![group("Windows", 4), group("iOS", 2)],
        batches: 2,
        requests: 2,
        expected: 10_632,
    }
}

/// Each kind of event, with the seconds since the start.
fn script() -> Vec<(i64, EventKind)> {
    let throttled = |wait, named| {
        EventKind::Throttled(Throttled {
            wait,
            named,
            status: 429,
        })
    };
    let retrying = |what, devices, status, code: &str| {
        EventKind::Retrying(Retrying {
            what,
            devices,
            status,
            code: code.into(),
            wait: 5_000,
        })
    };
    vec![
        (
            0,
            retrying(Retried::List, 0, Some(503), "ServiceUnavailable"),
        ),
        (
            5,
            EventKind::Listed(Listed {
                pages: 1,
                devices: 5,
            }),
        ),
        (
            5,
            EventKind::Listed(Listed {
                pages: 2,
                devices: 9,
            }),
        ),
        (
            6,
            EventKind::Incomplete(Incomplete {
                listed: 9,
                counted: Some(12),
            }),
        ),
        (6, EventKind::Planned(plan())),
        (6, device(7, 0, Outcome::Skipped("platform Linux".into()))),
        (6, device(8, 0, Outcome::Skipped("agent jamf".into()))),
        (6, EventKind::BatchStarted(batch(1))),
        (6, EventKind::TokenRenewed),
        (7, device(1, 1, Outcome::Accepted)),
        (7, throttled(2_128, true)),
        (8, throttled(8_000, false)),
        (9, device(2, 1, Outcome::Gone)),
        (9, failed(3)),
        (9, EventKind::BatchFinished(batch(1))),
        (19, EventKind::BatchStarted(batch(2))),
        (20, retrying(Retried::Batch, 3, None, "transport")),
        (24, throttled(1_000, true)),
        (
            25,
            EventKind::Notice("bulk dispatch was refused: going on with batches".into()),
        ),
        (26, device(4, 1, Outcome::Accepted)),
        (26, without_response(5)),
        (40, device(6, 2, Outcome::Accepted)),
        (40, EventKind::BatchFinished(batch(2))),
    ]
}

fn summary() -> Summary {
    Summary {
        total: 8,
        success: 3,
        error: 2,
        skipped: 2,
        gone: 1,
        pending: 0,
        batches: 2,
        retries: 4,
        throttled: 3,
        requests: 9,
        duration: 40_250,
        status: RunStatus::Completed,
    }
}

fn problem() -> Problem {
    Problem {
        message: "the role `DeviceManagementManagedDevices.PrivilegedOperations.All` is missing"
            .into(),
        hint: "grant it to the identity; a token keeps its old roles for up to 24 hours".into(),
    }
}

/// Stdout and stderr of a run of `script`.
fn run(
    format: Format,
    verbosity: Verbosity,
    purpose: Purpose,
    script: Vec<(i64, EventKind)>,
    summary: &Summary,
) -> (String, String) {
    let options = OutputOptions {
        verbosity,
        ..OutputOptions::default()
    };
    let (stdout, stderr) = (Written::default(), Written::default());
    let mut printer = Printer::to(stdout.clone(), stderr.clone(), &options);
    let mut output = Output::new(format, purpose, RUN);
    let mut now = start();
    for (second, kind) in script {
        while now < start() + SignedDuration::from_secs(second) {
            now += SignedDuration::from_secs(1);
            output.tick(&mut printer, now);
        }
        let at = u64::try_from(second).expect("the script goes forward") * 1_000;
        output
            .event(&mut printer, now, &Event { at, kind })
            .expect("it can be written");
        output.tick(&mut printer, now);
    }
    printer.end_progress();
    let last = output.summary(now, summary);
    printer.data(&last).expect("it can be written");
    output.conclude(&mut printer, summary);
    (stdout.text(), stderr.text())
}

fn sync(format: Format, verbosity: Verbosity) -> (String, String) {
    run(format, verbosity, Purpose::Sync, script(), &summary())
}

#[test]
fn text() {
    let (stdout, stderr) = sync(Format::Text, Verbosity::Normal);
    assert_snapshot!("text_stdout", stdout);
    assert_snapshot!("text_stderr", stderr);
}

#[test]
fn text_verbose() {
    assert_snapshot!(sync(Format::Text, Verbosity::Verbose).1);
}

#[test]
fn text_quiet() {
    let (stdout, stderr) = sync(Format::Text, Verbosity::Quiet);
    assert_eq!(stdout, sync(Format::Text, Verbosity::Normal).0);
    assert_snapshot!(stderr);
}

#[test]
fn text_of_a_clean_run() {
    let summary = Summary {
        total: 1,
        success: 1,
        error: 0,
        skipped: 0,
        gone: 0,
        retries: 0,
        throttled: 0,
        ..summary()
    };
    let (stdout, stderr) = run(
        Format::Text,
        Verbosity::Normal,
        Purpose::Sync,
        vec![(0, device(1, 1, Outcome::Accepted))],
        &summary,
    );
    assert_snapshot!(stdout, @r"
    TotalDevices     : 1
    SuccessCount     : 1
    ErrorCount       : 0
    DurationMinutes  : 0.6708
    BatchesProcessed : 2
    HttpRequests     : 9
    ");
    assert_eq!(stderr, "");
}

#[test]
fn text_of_a_plan() {
    let planned = vec![(1, EventKind::Planned(plan()))];
    let (stdout, stderr) = run(
        Format::Text,
        Verbosity::Normal,
        Purpose::Plan,
        planned,
        &summary(),
    );
    assert_snapshot!(stdout, @r"
    Listed   : 9
    Total    : 8
    ToSync   : 6
    Batches  : 2
    Requests : 2
    Expected : 11s

    To sync:
      4  Windows
      2  iOS

    Skipped:
      1  platform Linux
      1  agent jamf
    ");
    assert!(!stderr.contains("Syncing"), "{stderr}");
}

#[test]
fn text_lists_twenty_failures_and_counts_the_others() {
    let script = (1..=25).map(|number| (1, failed(number))).collect();
    let summary = Summary {
        total: 25,
        error: 25,
        ..summary()
    };
    let (stdout, _) = run(
        Format::Text,
        Verbosity::Normal,
        Purpose::Sync,
        script,
        &summary,
    );
    assert_eq!(stdout.matches("BadRequest").count(), 20, "{stdout}");
    assert!(
        stdout.ends_with("\nand 5 more: use `--output json`\n"),
        "{stdout}"
    );
}

#[test]
fn a_storm_of_throttled_responses_is_a_line_in_15_seconds() {
    let throttled = Throttled {
        wait: 2_000,
        named: true,
        status: 429,
    };
    let storm: Vec<_> = (0..=60)
        .flat_map(|second| {
            [
                (second, EventKind::Throttled(throttled)),
                (second, EventKind::Throttled(throttled)),
            ]
        })
        .collect();
    let (_, stderr) = run(
        Format::Text,
        Verbosity::Normal,
        Purpose::Sync,
        storm.clone(),
        &summary(),
    );
    assert_eq!(stderr.matches("[WARNING] Throttled").count(), 5, "{stderr}");
    assert_eq!(
        stderr
            .matches("(29 more like this since the last line)")
            .count(),
        4,
        "{stderr}"
    );
    let (_, stderr) = run(
        Format::Text,
        Verbosity::Verbose,
        Purpose::Sync,
        storm,
        &summary(),
    );
    assert_eq!(stderr.matches("[WARNING] Throttled").count(), 122);
}

#[test]
fn each_way_to_end_says_what_to_do_next() {
    let mut shown = String::new();
    for (status, total, pending) in [
        (RunStatus::Stopped, 8, 5),
        (RunStatus::Stopped, 0, 0),
        (RunStatus::Interrupted(problem()), 8, 5),
        (RunStatus::NotAuthorized(problem()), 8, 8),
        (RunStatus::Failed(problem()), 0, 0),
        (RunStatus::Running, 0, 0),
    ] {
        let summary = Summary {
            total,
            pending,
            status,
            ..summary()
        };
        let (_, stderr) = run(
            Format::Text,
            Verbosity::Normal,
            Purpose::Sync,
            vec![],
            &summary,
        );
        shown += &format!(
            "{} -> {}\n{stderr}\n",
            kind(&summary.status),
            ExitStatus::of(&summary, None).code()
        );
    }
    assert_snapshot!(shown);
}

fn kind(status: &RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "running",
        RunStatus::Completed => "completed",
        RunStatus::Stopped => "stopped",
        RunStatus::Interrupted(_) => "interrupted",
        RunStatus::NotAuthorized(_) => "not authorized",
        RunStatus::Failed(_) => "failed",
    }
}

#[test]
fn exit_codes() {
    let of = |status, error| {
        let summary = Summary {
            status,
            error,
            ..summary()
        };
        ExitStatus::of(&summary, None).code()
    };
    assert_eq!(of(RunStatus::Completed, 0), 0);
    assert_eq!(of(RunStatus::Completed, 1), 3);
    assert_eq!(of(RunStatus::Failed(problem()), 0), 1);
    assert_eq!(of(RunStatus::Running, 0), 1);
    assert_eq!(of(RunStatus::NotAuthorized(problem()), 9), 4);
    assert_eq!(of(RunStatus::Stopped, 9), 5);
    assert_eq!(of(RunStatus::Interrupted(problem()), 0), 5);
    let interrupted = |status| {
        let summary = Summary {
            status,
            ..summary()
        };
        ExitStatus::of(&summary, Some(Stop::Interrupted)).code()
    };
    assert_eq!(interrupted(RunStatus::Stopped), 130);
    assert_eq!(interrupted(RunStatus::Failed(problem())), 1);
    let declined = Summary {
        status: RunStatus::Stopped,
        ..summary()
    };
    assert_eq!(ExitStatus::of(&declined, Some(Stop::Declined)).code(), 5);
}

#[test]
fn json() {
    let (stdout, _) = sync(Format::Json, Verbosity::Quiet);
    assert_snapshot!(stdout);
    assert!(stdout.starts_with(r#"{"TotalDevices":8,"SuccessCount":3,"ErrorCount":2,"DurationMinutes":0.6708,"BatchesProcessed":2,"#));
    assert_valid(&validator("output"), &stdout);
}

#[test]
fn jsonl() {
    let (stdout, _) = sync(Format::Jsonl, Verbosity::Quiet);
    assert_snapshot!(stdout);
    assert_eq!(stdout.lines().count(), script().len() + 1);
    assert_valid(&validator("event"), &stdout);
}
