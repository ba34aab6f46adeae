//! The history on a disk that is full, fails, refuses shared memory, or loses its power: at every write and at every
//! sync of a small run.

mod disk;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use intune_sync_history::{
    DeviceFilter, DeviceOutcome, Error, History, Journal, Problem, Recorder, RunFilter, StateDir,
    Verification,
};
use intune_sync_wit::{Outcome, RunStatus};
use rusqlite::ffi;

use self::{
    disk::{Faults, Power},
    support::{NOW, done, exchange, header, selected, summary},
};

const DEVICES: u64 = 40;
const STEP: u64 = 8;

/// What of a run is known to be on the disk.
#[derive(Debug, Default)]
struct Acknowledged {
    begun: bool,
    accepted: u64,
    ended: bool,
    problem: Option<Problem>,
}

/// A small run, as far as the disk lets it.
fn run(place: &StateDir) -> Acknowledged {
    run_number(place, 1)
}

fn run_number(place: &StateDir, number: u32) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    match try_run(place, number, &mut acknowledged) {
        Ok(()) => {}
        Err(error) => acknowledged.problem = Some(error.problem),
    }
    acknowledged
}

fn try_run(place: &StateDir, number: u32, acknowledged: &mut Acknowledged) -> Result<(), Error> {
    let history = History::open(place)?;
    let recorder = Recorder::begin(history, &header(number), None)?;
    acknowledged.begun = true;
    recorder.selected(selected(0..DEVICES), NOW);
    recorder.flush()?;
    for first in (0..DEVICES).step_by(STEP as usize) {
        exchange(&recorder, first..first + STEP);
        for number in first..first + STEP {
            recorder.done(done(number, Outcome::Accepted), NOW);
        }
        if let Err(error) = recorder.flush() {
            // The run ends early; its end writes what is missing, if it can.
            let ended = end(&recorder, first + STEP);
            acknowledged.ended = ended.is_ok();
            if ended.is_ok() {
                acknowledged.accepted = first + STEP;
            }
            return Err(error);
        }
        acknowledged.accepted = first + STEP;
    }
    end(&recorder, DEVICES)?;
    acknowledged.ended = true;
    Ok(())
}

fn end(recorder: &Recorder, accepted: u64) -> Result<(), Error> {
    let accepted = u32::try_from(accepted).expect("they are few");
    let total = u32::try_from(DEVICES).expect("they are few");
    let summary = summary(total, accepted, 0, RunStatus::Stopped);
    let ended = recorder.end(&summary, "stopped", "2026-11-26T01:00:00Z");
    ended.map(drop).map_err(|(error, _)| error)
}

/// What was acknowledged is there, and what is there makes sense.
fn check(place: &StateDir, acknowledged: &Acknowledged, case: &str) {
    let history = History::open(place).unwrap_or_else(|error| panic!("{case}: {error}"));
    let runs = history.runs(&RunFilter::default()).expect("it can be read");
    let Some(run) = runs.first() else {
        assert!(!acknowledged.begun, "{case}: the run is lost");
        return;
    };
    let mut accepted = BTreeSet::new();
    let only = DeviceFilter::Only(DeviceOutcome::Accepted);
    let read = history.devices(&run.id, only, |device| {
        accepted.insert(device.name);
        Ok::<(), Error>(())
    });
    read.unwrap_or_else(|error| panic!("{case}: {error}"));
    for number in 0..acknowledged.accepted {
        let name = format!("PC-{number:05}");
        assert!(
            accepted.contains(&name),
            "{case}: {name} is lost, {acknowledged:?}"
        );
    }
    if acknowledged.ended {
        assert_eq!(run.outcome.as_deref(), Some("stopped"), "{case}");
    }
    let verified = history
        .verify(run)
        .unwrap_or_else(|error| panic!("{case}: {error}"));
    assert!(
        matches!(verified, Verification::Whole { .. }),
        "{case}: {verified:?}"
    );

    // Whatever it is, another run goes on from here.
    let earlier = history.to_resume(&run.id).expect("it can be read");
    let counts = earlier.totals;
    assert_eq!(
        counts.total,
        counts.success + counts.pending,
        "{case}: {counts:?}"
    );
    let next = Recorder::begin(history, &header(2), Some(&earlier));
    let next = next.unwrap_or_else(|error| panic!("{case}: {error}"));
    next.flush()
        .unwrap_or_else(|error| panic!("{case}: {error}"));
}

/// A place for a history; its file is in memory.
fn place() -> (tempfile::TempDir, StateDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    (directory, place)
}

/// Runs on a disk with these faults, and checks what is on it once they are over.
fn with_write_faults(no_shared_memory: bool, code: i32, lasting: bool) -> (u64, Vec<Problem>) {
    let mut problems = Vec::new();
    for at in 1.. {
        let power = disk::start();
        let (_directory, place) = place();
        power.plan(Faults {
            write: Some((at, code)),
            lasting,
            no_shared_memory,
            ..Faults::default()
        });
        let acknowledged = run(&place);
        let (writes, _) = power.counts();
        power.kill();
        power.plan(Faults {
            no_shared_memory,
            ..Faults::default()
        });
        check(
            &place,
            &acknowledged,
            &format!(
                "write {at}, {code}, lasting: {lasting}, no shared memory: {no_shared_memory}"
            ),
        );
        problems.extend(acknowledged.problem);
        if writes < at {
            assert!(acknowledged.ended);
            return (at - 1, problems);
        }
    }
    unreachable!("a run has an end");
}

#[test]
fn a_disk_that_is_full_at_any_write_costs_nothing_that_was_acknowledged() {
    for no_shared_memory in [false, true] {
        for lasting in [false, true] {
            let (writes, problems) = with_write_faults(no_shared_memory, ffi::SQLITE_FULL, lasting);
            assert!(writes > 40, "{writes}");
            assert!(problems.len() > 20, "{problems:?}");
            let full = |problem: &Problem| match problem {
                Problem::Broken(problem) => **problem == Problem::Full,
                Problem::Full => true,
                // While the file turns from one journal to the other, SQLite says no more.
                Problem::Io(_) => no_shared_memory,
                _ => false,
            };
            assert!(problems.iter().all(full), "{problems:?}");
        }
    }
}

#[test]
fn a_write_that_fails_costs_nothing_that_was_acknowledged() {
    for no_shared_memory in [false, true] {
        for lasting in [false, true] {
            let (writes, problems) =
                with_write_faults(no_shared_memory, ffi::SQLITE_IOERR_WRITE, lasting);
            assert!(writes > 40, "{writes}");
            assert!(problems.len() > 20, "{problems:?}");
        }
    }
}

#[test]
fn a_loss_of_power_at_any_sync_costs_nothing_that_was_acknowledged() {
    for no_shared_memory in [false, true] {
        let mut lost = 0;
        for at in 1.. {
            for seed in 0..8 {
                let power = disk::start();
                let (_directory, place) = place();
                power.plan(Faults {
                    power: Some(at),
                    no_shared_memory,
                    ..Faults::default()
                });
                let acknowledged = run(&place);
                lost = match power.is_off() {
                    true => at,
                    false => lost,
                };
                cycle(&power, seed, no_shared_memory);
                check(
                    &place,
                    &acknowledged,
                    &format!("sync {at}, seed {seed}, no shared memory: {no_shared_memory}"),
                );
            }
            if lost < at {
                break;
            }
        }
        assert!(lost > 12, "{lost}");
    }
}

/// Deletes the first of two runs on a disk with these faults. Returns whether there were any.
fn prune(faults: Faults, seed: u64) -> bool {
    let power = disk::start();
    let (_directory, place) = place();
    assert!(run_number(&place, 1).ended && run_number(&place, 2).ended);
    power.plan(faults);
    let pruned = History::open(&place).and_then(|mut history| history.prune(&[header(1).id]));
    let faulty = pruned.is_err();
    match faults.power {
        Some(_) => cycle(&power, seed, false),
        None => {
            power.kill();
            power.plan(Faults::default());
        }
    }
    let case = format!("{faults:?}, seed {seed}");
    let history = History::open(&place).unwrap_or_else(|error| panic!("{case}: {error}"));
    for (number, may_be_gone) in [(1, true), (2, false)] {
        let id = header(number).id;
        let mut devices = 0;
        let read = history.devices(&id, DeviceFilter::All, |_| {
            devices += 1;
            Ok::<(), Error>(())
        });
        read.unwrap_or_else(|error| panic!("{case}: {error}"));
        match history.run(&id) {
            Ok(run) => {
                assert_eq!(devices, DEVICES, "{case}");
                assert!(!may_be_gone || faulty, "{case}: it was deleted");
                let verified = history.verify(&run).expect("it can be read");
                assert!(
                    matches!(verified, Verification::Whole { .. }),
                    "{case}: {verified:?}"
                );
            }
            Err(_) => assert!(may_be_gone && devices == 0, "{case}: {devices} devices"),
        }
    }
    faulty
}

#[test]
fn a_prune_that_breaks_off_deletes_a_whole_run_or_nothing() {
    let mut breaks = 0;
    for at in 1..40 {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE] {
            let write = Some((at, code));
            let faults = Faults {
                write,
                lasting: true,
                ..Faults::default()
            };
            breaks += usize::from(prune(faults, 0));
        }
        for seed in 0..8 {
            let faults = Faults {
                power: Some(at),
                ..Faults::default()
            };
            breaks += usize::from(prune(faults, seed));
        }
    }
    assert!(breaks > 20, "{breaks}");
}

fn cycle(power: &Power, seed: u64, no_shared_memory: bool) {
    power.cycle(&mut fastrand::Rng::with_seed(seed));
    power.plan(Faults {
        no_shared_memory,
        ..Faults::default()
    });
}

#[test]
fn without_shared_memory_there_is_a_rollback_journal() {
    let power = disk::start();
    let (_directory, place) = place();
    let history = History::open(&place).expect("it can be opened");
    assert_eq!(history.journal(), Journal::WriteAhead);
    drop(history);
    // The same file, on a share now.
    power.kill();
    power.plan(Faults {
        no_shared_memory: true,
        ..Faults::default()
    });
    let history = History::open(&place).expect("it can be opened");
    assert_eq!(history.journal(), Journal::Rollback);
    drop(history);
    assert!(run(&place).ended);
    check(&place, &Acknowledged::default(), "a share");
}
