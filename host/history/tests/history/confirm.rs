//! Who has checked in since the sync was accepted.

use intune_sync_history::{CheckIn, DeviceFilter, Error, History, Platform, Recorder, StateDir};
use intune_sync_wit::{Outcome, RunStatus};
use jiff::Timestamp;

use crate::support::{NOW, device, done, failed, header, selected, summary};

const RUN: &str = "20261126-000001-0000";
/// The clock was a minute ahead, so that Graph accepted the syncs a minute before [`NOW`].
const AHEAD: i64 = 60_000;

fn later() -> Timestamp {
    Timestamp::from_millisecond(NOW + 1_800_000).expect("it is a time")
}

/// Four devices, of which three are accepted, in two parts.
fn ended(place: &StateDir) -> History {
    for number in 1..=2 {
        let history = History::open(place).expect("it can be opened");
        let earlier = (number == 2).then(|| history.to_resume(RUN).expect("it is there"));
        let begun = Recorder::begin(history, &header(number), earlier.as_ref());
        let recorder = begun.expect("it begins");
        recorder.clock_ahead(AHEAD);
        let (devices, status) = match number {
            1 => (1..=2, RunStatus::Stopped),
            _ => (3..=4, RunStatus::Completed),
        };
        recorder.selected(selected(devices.clone()), NOW);
        for number in devices {
            let outcome = if number == 4 {
                failed()
            } else {
                Outcome::Accepted
            };
            recorder.done(done(number, outcome), NOW);
        }
        let (success, error) = if number == 1 { (2, 0) } else { (3, 1) };
        let ended = recorder.end(&summary(4, success, error, status), "completed", "2026");
        ended.expect("it can be written");
    }
    History::open(place).expect("it can be opened")
}

fn names(history: &History, run: &str, filter: DeviceFilter) -> Vec<String> {
    let mut names = Vec::new();
    let read = history.devices(run, filter, |device| {
        names.push(device.name);
        Ok::<(), Error>(())
    });
    read.expect("it can be read");
    names.sort();
    names
}

fn check_in(number: u64, last: Option<i64>) -> CheckIn {
    CheckIn {
        id: device(number),
        last: last.map(|ms| u32::try_from(ms / 1_000).expect("it is this century")),
    }
}

#[test]
fn a_check_in_counts_if_it_came_after_the_acceptance_by_graphs_clock() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    let mut history = ended(&place);
    let last_part = header(2).id;
    let run = history.run(&last_part).expect("it is there");
    history.confirm_at(&run.id, NOW).expect("it can be written");
    let run = history.run(&run.id).expect("it is there");
    assert!(run.awaits_confirmation());
    let accepted = NOW - AHEAD;
    let confirmation = history.confirm(&run, later()).expect("it begins");
    let written = confirmation.write([
        check_in(1, Some(accepted)),
        check_in(2, Some(accepted - 2_000)),
        check_in(3, None),
        // It has failed: whether it has checked in is of no interest.
        check_in(4, Some(NOW)),
        check_in(5, Some(NOW)),
    ]);
    written.expect("it can be written");
    confirmation.end().expect("it can be written");

    assert_eq!(
        names(&history, &run.id, DeviceFilter::Confirmed),
        ["PC-00001"]
    );
    let unconfirmed = names(&history, &run.id, DeviceFilter::Unconfirmed);
    assert_eq!(unconfirmed, ["PC-00002", "PC-00003"]);
    let windows = Platform {
        os: "Windows".to_owned(),
        checked_in: 1,
        unconfirmed: 2,
    };
    assert_eq!(
        history.platforms(&run.id).expect("it can be read"),
        [windows]
    );
    let run = history.run(&run.id).expect("it is there");
    assert!(!run.awaits_confirmation());

    // A second look later finds one more.
    let confirmation = history.confirm(&run, later()).expect("it begins");
    let written = confirmation.write([check_in(2, Some(NOW))]);
    written.expect("it can be written");
    confirmation.end().expect("it can be written");
    let unconfirmed = names(&history, &run.id, DeviceFilter::Unconfirmed);
    assert_eq!(unconfirmed, ["PC-00003"]);
}

#[test]
fn one_that_breaks_off_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    let mut history = ended(&place);
    let run = history.run(&header(2).id).expect("it is there");
    let confirmation = history.confirm(&run, later()).expect("it begins");
    let written = confirmation.write([check_in(1, Some(NOW))]);
    written.expect("it can be written");
    drop(confirmation);
    assert!(names(&history, &run.id, DeviceFilter::Checked).is_empty());
    let run = history.run(&run.id).expect("it is there");
    assert_eq!(run.confirmed_at, None);
}
