//! What a run writes, and what is read of it.

use std::time::Duration;

use intune_sync_history::{
    Device, DeviceFilter, DeviceOutcome, Error, History, Recorder, RunFilter, StateDir,
};
use intune_sync_wit::{DeviceDone, Outcome, Problem, RunStatus};

use crate::support::{NOW, done, exchange, failed, header, selected, summary};

/// A run of three devices: one accepted, one failed, one that cannot sync.
pub(crate) fn small_run(place: &StateDir, number: u32) {
    let history = History::open(place).expect("it can be opened");
    let recorder = Recorder::begin(history, &header(number), None).expect("it begins");
    recorder.selected(selected(1..=2), NOW);
    exchange(&recorder, [1, 2]);
    recorder.done(done(1, Outcome::Accepted), NOW + 1);
    recorder.done(done(2, failed()), NOW + 2);
    // One that cannot sync is not among the selected.
    let skipped = DeviceDone {
        os: "Linux".to_owned(),
        ..done(4, Outcome::Skipped("no agent".to_owned()))
    };
    recorder.done(skipped, NOW + 3);
    let mut summary = summary(3, 1, 1, RunStatus::Completed);
    (summary.skipped, summary.pending) = (1, 0);
    recorder
        .end(
            &summary,
            "completed-with-errors",
            "2026-11-26T01:00:00.000Z",
        )
        .expect("it ends");
}

pub(crate) fn devices(history: &History, run: &str, filter: DeviceFilter) -> Vec<Device> {
    let mut devices = Vec::new();
    let read = history.devices(run, filter, |device| {
        devices.push(device);
        Ok::<(), Error>(())
    });
    read.expect("it can be read");
    devices.sort_by(|a, b| a.name.cmp(&b.name));
    devices
}

#[test]
fn a_run_is_written_and_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path().join("new").join("state"));
    small_run(&place, 7);
    let history = History::open(&place).expect("it can be opened");
    let runs = history.runs(&RunFilter::default()).expect("it can be read");
    let [run] = &runs[..] else {
        panic!("{runs:?}");
    };
    assert_eq!(run.id, header(7).id);
    assert_eq!(run.outcome.as_deref(), Some("completed-with-errors"));
    assert_eq!(run.totals.total, 3);
    assert_eq!(
        (run.totals.success, run.totals.error, run.totals.skipped),
        (1, 1, 1)
    );
    assert!(!run.is_unfinished());
    let outcomes: Vec<(String, String)> = devices(&history, &run.id, DeviceFilter::All)
        .into_iter()
        .map(|device| (device.name, device.outcome))
        .collect();
    let expected = [
        ("PC-00001", "accepted"),
        ("PC-00002", "failed"),
        ("PC-00004", "skipped"),
    ];
    assert_eq!(
        outcomes,
        expected.map(|(name, outcome)| (name.to_owned(), outcome.to_owned()))
    );
    let failed = DeviceFilter::Only(DeviceOutcome::Failed);
    let [failed] = &devices(&history, &run.id, failed)[..] else {
        panic!("one has failed");
    };
    assert_eq!(failed.status, Some(400));
    assert_eq!(failed.message.as_deref(), Some("cannot sync"));
    assert_eq!(failed.os, "Windows");
    let skipped = DeviceFilter::Only(DeviceOutcome::Skipped);
    let skipped = devices(&history, &run.id, skipped);
    assert_eq!(skipped[0].os, "Linux");
}

#[test]
fn runs_are_filtered() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    small_run(&place, 1);
    small_run(&place, 2);
    let history = History::open(&place).expect("it can be opened");
    let count = |outcome: Option<&str>, since: Option<String>| {
        let outcome = outcome.map(str::to_owned);
        let runs = history.runs(&RunFilter { outcome, since });
        runs.expect("it can be read").len()
    };
    assert_eq!(count(None, None), 2);
    assert_eq!(count(Some("completed"), None), 0);
    assert_eq!(count(Some("completed-with-errors"), None), 2);
    assert_eq!(count(None, Some(header(2).started_at)), 1);
}

/// In two parts, of which the first one waited twice and gave up, and the second one was killed.
#[test]
fn waits_and_why_a_run_gave_up_are_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    let open = || History::open(&place).expect("it can be opened");
    let recorder = Recorder::begin(open(), &header(1), None).expect("it begins");
    recorder.selected(selected(1..=2), NOW);
    recorder.done(done(1, Outcome::Accepted), NOW + 1);
    recorder.waits(NOW + 50, 30_000);
    recorder.waits(NOW + 10, 20_000);
    recorder.waits(NOW + 10, 1_000);
    let problem = Problem {
        message: "Graph asks to wait two hours".to_owned(),
        hint: "resume the run later".to_owned(),
    };
    let summary = summary(2, 1, 0, RunStatus::Interrupted(problem));
    let ended = recorder.end(&summary, "interrupted", "2026-11-26T01:00:00.000Z");
    ended.expect("it ends");
    let history = open();
    let earlier = history.to_resume(&header(1).id).expect("there is one");
    let next = Recorder::begin(open(), &header(2), Some(&earlier)).expect("it begins");
    next.done(done(2, Outcome::Accepted), NOW + 99);
    next.flush().expect("it is written");
    drop(next);

    let first = history.run(&header(1).id).expect("there is one");
    assert_eq!(
        (first.problem.as_deref(), first.hint.as_deref()),
        (
            Some("Graph asks to wait two hours"),
            Some("resume the run later")
        )
    );
    let waits = history.waits(&first.id).expect("it can be read");
    let waits: Vec<(i64, i64)> = waits.iter().map(|wait| (wait.at - NOW, wait.ms)).collect();
    assert_eq!(waits, [(10, 20_000), (50, 30_000)]);
    let second = history.run(&header(2).id).expect("there is one");
    assert_eq!((&second.problem, second.outcome.as_deref()), (&None, None));
    assert_eq!(history.waits(&second.id).expect("it can be read"), []);
    // The row of a run that was killed is older than its devices.
    let counted = history.counted(second).expect("it can be read");
    assert_eq!((counted.totals.total, counted.totals.success), (2, 2));

    let mut lines = Vec::new();
    history
        .export(&header(2).id, &mut lines)
        .expect("it can be written");
    let lines = String::from_utf8(lines).expect("JSON is UTF-8");
    assert_eq!(lines.matches(r#""table":"wait""#).count(), 2, "{lines}");
    drop(history);

    let mut history = open();
    let all = [header(2).id, header(1).id];
    history.prune(&all).expect("it can be written");
    assert_eq!(history.waits(&header(1).id).expect("it can be read"), []);
}

#[test]
fn what_comes_in_is_committed_without_a_flush() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    let history = History::open(&place).expect("it can be opened");
    let recorder = Recorder::begin(history, &header(1), None).expect("it begins");
    recorder.selected(selected(1..=2), NOW);
    recorder.done(done(1, Outcome::Accepted), NOW);
    // Another program reads while the run writes.
    let reader = History::open(&place).expect("it can be opened");
    let accepted = DeviceFilter::Only(DeviceOutcome::Accepted);
    while devices(&reader, &header(1).id, accepted).is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(devices(&reader, &header(1).id, DeviceFilter::All).len(), 2);
    drop(recorder);
}

#[test]
fn an_export_has_everything() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    small_run(&place, 1);
    let history = History::open(&place).expect("it can be opened");
    let mut lines = Vec::new();
    history
        .export(&header(1).id, &mut lines)
        .expect("it can be written");
    let lines = String::from_utf8(lines).expect("JSON is UTF-8");
    let tables: Vec<String> = lines
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
            line["table"]
                .as_str()
                .expect("it names its table")
                .to_owned()
        })
        .collect();
    assert_eq!(tables, ["run", "device", "device", "device", "request"]);
    assert!(history.export("other", &mut Vec::new()).is_err());
}

#[test]
fn devices_that_fail_in_each_of_the_last_runs_are_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    for number in 1..=3 {
        let history = History::open(&place).expect("it can be opened");
        let recorder = Recorder::begin(history, &header(number), None).expect("it begins");
        recorder.selected(selected(1..=2), NOW);
        recorder.done(done(1, failed()), NOW);
        let second = if number == 2 {
            Outcome::Accepted
        } else {
            failed()
        };
        recorder.done(done(2, second), NOW);
        let summary = summary(2, 0, 2, RunStatus::Completed);
        recorder
            .end(&summary, "completed-with-errors", "2026-11-26T01:00:00Z")
            .expect("it ends");
    }
    let history = History::open(&place).expect("it can be opened");
    let names = |last| {
        let (runs, failing) = history.failing(last).expect("it can be read");
        assert_eq!(runs.len(), last);
        failing
            .into_iter()
            .map(|device| device.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(1), ["PC-00001", "PC-00002"]);
    assert_eq!(names(3), ["PC-00001"]);
    let (_, failing) = history.failing(3).expect("it can be read");
    assert_eq!(failing[0].reasons, ["400 BadRequest: cannot sync"]);
}
