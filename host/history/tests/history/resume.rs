//! A run that goes on with an earlier one.

use std::collections::BTreeSet;

use intune_sync_history::{
    Departure, DeviceFilter, Earlier, Error, History, Recorder, RequestKind, StateDir, Subject,
    Verification,
};
use intune_sync_ids::Guid;
use intune_sync_wit::{Outcome, RunStatus};

use crate::{
    record::devices,
    support::{NOW, device, done, exchange, failed, header, selected, subject, summary},
};

fn open(place: &StateDir) -> History {
    History::open(place).expect("it can be opened")
}

fn settled(history: &History, earlier: &Earlier) -> BTreeSet<Guid> {
    let mut settled = BTreeSet::new();
    let read = history.settled(earlier, |part| {
        settled.extend(part);
        Ok::<(), Error>(())
    });
    read.expect("it can be read");
    settled
}

/// A run that is killed once two of its five devices are done, and a request is in flight; or the next part of it,
/// which is killed before it has done anything.
fn killed(place: &StateDir, number: u32, earlier: Option<&Earlier>) {
    let recorder = Recorder::begin(open(place), &header(number), earlier).expect("it begins");
    if earlier.is_none() {
        recorder.selected(selected(1..=5), NOW);
        exchange(&recorder, [1, 2]);
        recorder.done(done(1, Outcome::Accepted), NOW);
        recorder.done(done(2, failed()), NOW);
    } else if number.is_multiple_of(2) {
        recorder.selected(selected(3..=5), NOW);
    }
    recorder.left(Departure {
        at: NOW,
        kind: RequestKind::Sync,
        devices: vec![device(3)],
    });
    if number != 5 {
        recorder.progress((&summary(5, 1, 1, RunStatus::Running)).into());
    }
    recorder.flush().expect("it can be written");
}

#[test]
fn a_killed_run_is_found_and_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    killed(&place, 1, None);
    let history = open(&place);
    let earlier = history
        .unfinished(&subject(), "{}")
        .expect("it can be read")
        .expect("it is unfinished");
    assert_eq!(earlier.run.id, header(1).id);
    assert_eq!((earlier.totals.total, earlier.totals.pending), (5, 3));
    assert_eq!((earlier.totals.success, earlier.totals.error), (1, 1));
    // What was in flight is not settled.
    assert_eq!(settled(&history, &earlier), [device(1), device(2)].into());

    let recorder = Recorder::begin(history, &header(2), Some(&earlier)).expect("it begins");
    recorder.selected(selected(3..=5), NOW);
    for number in 3..=5 {
        exchange(&recorder, [number]);
        recorder.done(done(number, Outcome::Accepted), NOW);
    }
    let whole = earlier.totals.and(summary(3, 3, 0, RunStatus::Completed));
    assert_eq!(
        (whole.total, whole.success, whole.error, whole.pending),
        (5, 4, 1, 0)
    );
    recorder
        .end(&whole, "completed-with-errors", "2026-11-26T01:00:00Z")
        .expect("it ends");

    let history = open(&place);
    assert_eq!(
        history
            .unfinished(&subject(), "{}")
            .expect("it can be read"),
        None
    );
    let all = devices(&history, &header(2).id, DeviceFilter::All);
    let outcomes: Vec<&str> = all.iter().map(|device| device.outcome.as_str()).collect();
    assert_eq!(
        outcomes,
        ["accepted", "failed", "accepted", "accepted", "accepted"]
    );
    for number in [1, 2] {
        let run = history.run(&header(number).id).expect("it is there");
        let verified = history.verify(&run).expect("it can be read");
        assert!(
            matches!(verified, Verification::Whole { .. }),
            "{verified:?}"
        );
    }
    let first = history.run(&header(1).id).expect("it is there");
    assert_eq!(first.outcome.as_deref(), Some("killed"));
}

#[test]
fn a_run_can_be_killed_and_resumed_often() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    killed(&place, 1, None);
    for number in 2..=6 {
        let history = open(&place);
        let earlier = history.to_resume(&header(1).id).expect("it is there");
        assert_eq!(earlier.run.id, header(number - 1).id, "its last part");
        assert_eq!((earlier.totals.total, earlier.totals.pending), (5, 3));
        killed(&place, number, Some(&earlier));
    }
    let earlier = open(&place).to_resume(&header(3).id).expect("it is there");
    assert_eq!(earlier.totals.success, 1);
}

#[test]
fn only_a_run_of_the_same_tenant_identity_and_selection_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    killed(&place, 1, None);
    let history = open(&place);
    let found = |subject: &Subject, selection: &str| {
        history
            .unfinished(subject, selection)
            .expect("it can be read")
            .is_some()
    };
    assert!(found(&subject(), "{}"));
    assert!(!found(&subject(), r#"{"os":["iOS"]}"#));
    let others = [
        Subject {
            cloud: "usgov".to_owned(),
            ..subject()
        },
        Subject {
            tenant: "t".to_owned(),
            ..subject()
        },
        Subject {
            app: "a".to_owned(),
            ..subject()
        },
    ];
    for other in others {
        assert!(!found(&other, "{}"), "{other:?}");
        assert_eq!(other.difference(&subject()).len(), 1);
    }
}

#[test]
fn a_run_that_has_nothing_left_is_not_resumed() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    crate::record::small_run(&place, 1);
    let history = open(&place);
    assert_eq!(
        history
            .unfinished(&subject(), "{}")
            .expect("it can be read"),
        None
    );
    assert!(history.to_resume("other").is_err());
}

/// The clock is set back an hour between the two parts of a run: only `resumes` says which came first.
#[test]
fn a_clock_that_was_set_back_confuses_nothing() {
    const HOUR: i64 = 3_600_000;
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    let (first, second) = (header(3_000), header(1));
    let recorder = Recorder::begin(open(&place), &first, None).expect("it begins");
    recorder.selected(selected(1..=3), NOW);
    exchange(&recorder, [1]);
    recorder.done(done(1, Outcome::Accepted), NOW);
    recorder.flush().expect("it can be written");
    drop(recorder);

    let unfinished = || {
        let history = open(&place);
        let unfinished = history.unfinished(&subject(), &first.selection);
        unfinished.expect("it can be read")
    };
    let earlier = unfinished().expect("there is one");
    assert_eq!(earlier.run.id, first.id);
    let recorder = Recorder::begin(open(&place), &second, Some(&earlier)).expect("it begins");
    recorder.selected(selected(2..=3), NOW - HOUR);
    exchange(&recorder, [2, 3]);
    recorder.done(done(2, Outcome::Accepted), NOW - HOUR);
    recorder.done(done(3, failed()), NOW - HOUR);
    let whole = earlier.totals.and(summary(2, 1, 1, RunStatus::Completed));
    let ended = recorder.end(&whole, "completed-with-errors", &second.started_at);
    ended.expect("it can be written");

    assert_eq!(unfinished(), None);
    let history = open(&place);
    let last = history.to_resume(&first.id).expect("it is there");
    assert_eq!(last.run.id, second.id);
    let totals = last.totals;
    assert_eq!((totals.total, totals.success, totals.error), (3, 2, 1));
    assert_eq!(devices(&history, &second.id, DeviceFilter::All).len(), 3);
    for run in [&first, &second] {
        let run = history.run(&run.id).expect("it is there");
        let verified = history.verify(&run).expect("it can be read");
        assert!(
            matches!(verified, Verification::Whole { .. }),
            "{verified:?}"
        );
    }
}

/// A job that resumes whatever there is does not come to the same end each time.
#[test]
fn a_run_that_was_not_authorized_is_resumed_only_by_its_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    killed(&place, 1, None);
    let history = open(&place);
    let earlier = history.to_resume(&header(1).id).expect("it is there");
    let recorder = Recorder::begin(history, &header(2), Some(&earlier)).expect("it begins");
    let status = RunStatus::NotAuthorized(intune_sync_wit::Problem {
        message: "no".to_owned(),
        hint: String::new(),
    });
    let whole = earlier.totals.and(summary(3, 0, 0, status));
    let ended = recorder.end(&whole, "not-authorized", "2026");
    ended.expect("it can be written");
    let history = open(&place);
    let unfinished = history.unfinished(&subject(), &header(1).selection);
    assert_eq!(unfinished.expect("it can be read"), None);
    let named = history.to_resume(&header(1).id).expect("it is there");
    assert!(named.run.is_unfinished());
    assert_eq!(named.totals.pending, 3);
}
