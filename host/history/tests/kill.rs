//! A program that records a run is killed, again and again, until it is done.

#![cfg(unix)]

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use intune_sync_history::{History, RunFilter, StateDir, Verification};

/// The program, which cargo has built next to this one.
fn program() -> PathBuf {
    let this = std::env::current_exe().expect("it runs");
    let profile = this.parent().and_then(|deps| deps.parent());
    profile
        .expect("it is in `deps`")
        .join("examples")
        .join("record")
}

#[test]
fn a_kill_costs_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    let mut chance = fastrand::Rng::with_seed(16);
    let mut kills = 0;
    loop {
        let mut child = Command::new(program())
            .arg(place.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started");
        // Killed after a few lines, wherever it is by then.
        let lines = chance.usize(0..12);
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut last = String::new();
        for _ in 0..lines {
            let mut line = String::new();
            if output.read_line(&mut line).expect("it is text") == 0 {
                break;
            }
            last = line;
        }
        let spins = chance.u32(0..200_000);
        for _ in 0..spins {
            std::hint::spin_loop();
        }
        child.kill().expect("it can be killed");
        // What it printed before it was killed counts too.
        for line in output.lines() {
            last = line.expect("it is text");
        }
        let status = child.wait().expect("it is a child");
        kills += 1;

        let history = History::open(&place).expect("it can be opened");
        let runs = history.runs(&RunFilter::default()).expect("it can be read");
        let Some(run) = runs.first() else { continue };
        let earlier = history.to_resume(&run.id).expect("it can be read");
        let counts = earlier.totals;
        assert_eq!(counts.total, counts.success + counts.pending);
        if let Ok(acknowledged) = last.trim().parse::<u64>() {
            assert!(
                counts.success >= acknowledged,
                "{counts:?}, not {acknowledged}"
            );
        }
        // Its last two parts: the others have not changed since.
        for run in runs.iter().take(2) {
            let verified = history.verify(run).expect("it can be read");
            assert!(
                matches!(verified, Verification::Whole { .. }),
                "{verified:?}"
            );
        }
        if last.trim() == "end" || status.success() {
            assert_eq!(counts.success, 10_000);
            break;
        }
        assert!(kills < 2_000, "it never ends");
    }
    assert!(kills > 20, "{kills}");
}
