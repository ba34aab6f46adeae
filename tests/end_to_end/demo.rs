//! `demo`: it needs nothing, and shows everything.

use crate::{
    books::{list, number},
    program::Program,
    schema,
};

#[test]
fn the_five_figures_of_a_fleet_with_throttling_and_failures() {
    let (finished, lines) = Program::new()
        .args(["demo", "--batch-delay-seconds", "0"])
        .jsonl();
    // Some of its devices refuse.
    assert_eq!(finished.code, 3, "{finished:?}");
    schema::assert_events(&finished.stdout);
    let (summary, events) = lines.split_last().expect("lines");
    assert!(number(summary, "TotalDevices") >= 500, "{summary}");
    assert!(number(summary, "SuccessCount") >= 450, "{summary}");
    for key in [
        "ErrorCount",
        "SkippedCount",
        "GoneCount",
        "RetryCount",
        "ThrottledCount",
    ] {
        assert!(number(summary, key) > 0, "{key}: {summary}");
    }
    assert_eq!(number(summary, "PendingCount"), 0, "{summary}");
    assert_eq!(
        number(summary, "BatchesProcessed"),
        number(summary, "TotalDevices").div_ceil(50),
        "{summary}"
    );
    let plan = events.iter().find(|line| line["event"] == "planned");
    assert!(list(plan.expect("a plan"), "platforms").len() >= 3);

    for shown in [
        "a simulated tenant of 600 devices listens on http://127.0.0.1:",
        "IDENTITY_ENDPOINT=http://127.0.0.1:",
        "intune-sync sync --yes --graph-url http://127.0.0.1:",
        " --batch-size 50 --batch-delay-seconds 0 ",
    ] {
        assert!(finished.stderr.contains(shown), "{shown}: {finished:?}");
    }
}

/// A small fleet, in text: the figures are aligned, and alone on stdout.
#[test]
fn in_text_the_figures_stand_on_stdout() {
    let finished = Program::new()
        .args([
            "demo",
            "--devices",
            "40",
            "--seed",
            "3",
            "--dispatch",
            "single",
        ])
        .run();
    assert!([0, 3].contains(&finished.code), "{finished:?}");
    let names: Vec<&str> = finished
        .stdout
        .lines()
        .filter_map(|line| Some(line.split_once(" : ")?.0.trim()))
        .collect();
    let five = [
        "TotalDevices",
        "SuccessCount",
        "ErrorCount",
        "DurationMinutes",
        "BatchesProcessed",
    ];
    assert_eq!(names[..5], five, "{finished:?}");
    assert!(
        finished.stdout.starts_with("TotalDevices     : 40\n"),
        "{finished:?}"
    );
}
