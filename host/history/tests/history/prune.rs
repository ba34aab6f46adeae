//! What `prune` deletes, and what it keeps.

use intune_sync_history::{Held, History, Keep, Lock, Recorder, RunFilter, StateDir};
use intune_sync_wit::{Outcome, RunStatus};

use crate::support::{NOW, done, header, selected, subject, summary};

fn ids(history: &History) -> Vec<String> {
    let runs = history.runs(&RunFilter::default()).expect("it can be read");
    runs.into_iter().map(|run| run.id).collect()
}

fn open(place: &StateDir) -> History {
    History::open(place).expect("it can be opened")
}

/// A run, and whether it ends.
fn run(place: &StateDir, number: u32, resumes: Option<u32>, ends: bool) {
    let history = open(place);
    let earlier = resumes.map(|id| history.to_resume(&header(id).id).expect("it is there"));
    let recorder = Recorder::begin(history, &header(number), earlier.as_ref()).expect("it begins");
    recorder.selected(selected(0..2_000), NOW);
    for device in 0..2_000 {
        recorder.done(done(device, Outcome::Accepted), NOW);
    }
    recorder.flush().expect("it can be written");
    if ends {
        let summary = summary(2_000, 2_000, 0, RunStatus::Completed);
        recorder.end(&summary, "completed", "now").expect("it ends");
    }
}

#[test]
fn old_runs_are_deleted_and_the_file_shrinks() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    for number in 1..=5 {
        run(&place, number, None, true);
    }
    let mut history = open(&place);
    let prunable = history
        .prunable(&Keep::Latest(2), &place)
        .expect("it can be read");
    assert_eq!(prunable, [3, 2, 1].map(|number| header(number).id));
    let pruned = history.prune(&prunable).expect("it can be written");
    assert_eq!(pruned.runs, 3);
    assert!(pruned.bytes > 500_000, "{pruned:?}");
    assert_eq!(ids(&history), [5, 4].map(|number| header(number).id));
    let since = Keep::Since(header(5).started_at);
    let prunable = history.prunable(&since, &place).expect("it can be read");
    assert_eq!(prunable, [header(4).id]);
}

#[test]
fn a_run_under_way_and_what_a_kept_run_resumes_stay() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    run(&place, 1, None, false);
    run(&place, 2, Some(1), true);
    run(&place, 3, None, false);
    let history = open(&place);
    let prunable = |count| {
        history
            .prunable(&Keep::Latest(count), &place)
            .expect("it can be read")
    };
    assert_eq!(
        prunable(2),
        Vec::<String>::new(),
        "the first is a part of the second"
    );
    assert_eq!(prunable(0).len(), 3, "nobody holds the lock");
    let Ok(Held::Here(lock)) = Lock::take(&place, &subject(), "now") else {
        panic!("it is free");
    };
    assert_eq!(prunable(0), [2, 1].map(|number| header(number).id));
    drop(lock);
}

/// A part that began before the one that it resumes, by a clock that was set back.
#[test]
fn parts_stay_together_whatever_the_clock_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    run(&place, 9, None, false);
    run(&place, 5, Some(9), true);
    run(&place, 7, None, true);
    let mut history = open(&place);
    let prunable = |history: &History, count| {
        let prunable = history.prunable(&Keep::Latest(count), &place);
        prunable.expect("it can be read")
    };
    assert_eq!(
        prunable(&history, 1),
        [header(7).id],
        "the later part of 9 stays"
    );
    let all = prunable(&history, 0);
    assert_eq!(all[0], header(5).id, "a part goes before what it resumes");
    history.prune(&all).expect("it can be written");
    assert_eq!(ids(&history), Vec::<String>::new());
}
