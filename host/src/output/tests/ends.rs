//! JSON, however a run ended, and that of a plan.

use insta::assert_snapshot;
use intune_sync_report::Format;
use intune_sync_wit::{EventKind, Purpose, RunStatus, Summary};
use serde_json::Value;

use super::{
    plan, problem, run,
    schemas::{assert_valid, validator},
    summary,
};
use crate::cli::Verbosity;

#[test]
fn json_is_printed_however_the_run_ended() {
    let validators = [
        (Format::Json, validator("output")),
        (Format::Jsonl, validator("event")),
    ];
    for (status, outcome, has_error) in [
        (RunStatus::Completed, "completed-with-errors", false),
        (RunStatus::Stopped, "stopped", false),
        (RunStatus::Interrupted(problem()), "interrupted", true),
        (RunStatus::NotAuthorized(problem()), "not-authorized", true),
        (RunStatus::Failed(problem()), "failed", true),
        (RunStatus::Running, "failed", false),
    ] {
        let summary = Summary {
            status,
            ..summary()
        };
        for (format, validator) in &validators {
            let (stdout, _) = run(*format, Verbosity::Quiet, Purpose::Sync, vec![], &summary);
            assert_valid(validator, &stdout);
            let value: Value = serde_json::from_str(&stdout).expect("one line of JSON");
            assert_eq!(value["Outcome"], outcome);
            assert_eq!(value.get("Error").is_some(), has_error, "{stdout}");
        }
    }
    let clean = Summary {
        error: 0,
        ..summary()
    };
    assert!(
        run(
            Format::Json,
            Verbosity::Quiet,
            Purpose::Sync,
            vec![],
            &clean
        )
        .0
        .contains(r#""Outcome":"completed","#)
    );
}

#[test]
fn json_of_a_plan() {
    let planned = || vec![(1, EventKind::Planned(plan()))];
    let completed = Summary {
        error: 0,
        ..summary()
    };
    let (stdout, _) = run(
        Format::Json,
        Verbosity::Quiet,
        Purpose::Plan,
        planned(),
        &completed,
    );
    assert_snapshot!(stdout, @r#"{"Total":8,"ToSync":6,"Skipped":[{"Reason":"platform Linux","Devices":1},{"Reason":"agent jamf","Devices":1}],"Platforms":[{"Platform":"Windows","Devices":4},{"Platform":"iOS","Devices":2}],"Batches":2,"Requests":2,"ExpectedSeconds":10.632,"Listed":9,"HttpRequests":9,"RunId":"20261123T021700Z-4f2a","Outcome":"completed"}"#);
    assert_valid(&validator("output"), &stdout);
    let (stdout, _) = run(
        Format::Jsonl,
        Verbosity::Quiet,
        Purpose::Plan,
        planned(),
        &completed,
    );
    assert_valid(&validator("event"), &stdout);

    let failed = Summary {
        error: 0,
        status: RunStatus::Failed(problem()),
        ..summary()
    };
    let (stdout, _) = run(
        Format::Json,
        Verbosity::Quiet,
        Purpose::Plan,
        vec![],
        &failed,
    );
    assert!(!stdout.contains("ToSync"), "{stdout}");
    assert_valid(&validator("output"), &stdout);
}
