//! Runs that break off in the middle: killed, out of disk, or left alone by Graph. Nothing is lost, and nothing is sent
//! again that was known to be accepted.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{
    collections::HashMap,
    process::{Child, Stdio},
    time::Duration,
};

use intune_sync_history::{History, Recorder, RunFilter, Selected, StateDir, Subject};
use intune_sync_ids::Guid;
use intune_sync_wit::{self as wit, DeviceDone, Outcome, RunStatus, Summary};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    books::number,
    history::{accepted, object, open, recorded, runs, slow, state, syncs, verified, within},
    program::{Finished, Program},
    running::Running,
    tenant::{Tenant, healthy},
};

/// How many kills a test makes, of the hundred of `make test`, or of those that `make crash` asks for.
fn kills() -> u64 {
    let kills = std::env::var("INTUNE_SYNC_KILLS");
    kills.map_or(100, |kills| kills.parse().expect("a number"))
}

/// Starts the program, of which nobody sees more than its standard output.
fn start(program: Program) -> Child {
    let mut command = program.into_command();
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
    let started = command.stderr(Stdio::null()).spawn();
    started.expect("the program starts")
}

/// Kills a run with SIGKILL again and again, each time at another moment, and resumes it until it is done. `make crash`
/// does so a thousand times.
#[test]
fn killed_and_resumed_until_it_is_done() {
    let kills = kills();
    let mut chance = fastrand::Rng::with_seed(kills);
    let mut killed = 0;
    for dispatch in ["single", "batch", "bulk"].iter().cycle() {
        killed += killed_until_done(dispatch, kills - killed, &mut chance);
        if killed == kills {
            return;
        }
    }
}

/// Runs one fleet until it is done; returns how often the program was killed meanwhile, at most `kills` times.
fn killed_until_done(dispatch: &str, kills: u64, chance: &mut fastrand::Rng) -> u64 {
    const DEVICES: u64 = 600;
    let state = state();
    let tenant = slow(600);
    // Devices whose acceptance was committed, and how often each had been synced by then.
    let mut committed = HashMap::new();
    let mut killed = 0;
    loop {
        let flags = ["--resume", "--dispatch", dispatch, "--output", "json"];
        let mut child = start(within(tenant.sync().args(flags), &state));
        // Killed a moment after its start, or after some more syncs; or it ends before.
        if killed == kills {
            // Enough of it: the rest is done at a stretch.
        } else if chance.bool() {
            std::thread::sleep(Duration::from_micros(chance.u64(0..150_000)));
            let _ = child.kill();
        } else {
            let seen = || tenant.statistics().syncs_requested;
            let until = seen() + chance.u64(0..DEVICES / 5);
            while seen() < until && child.try_wait().expect("it is a child").is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let _ = child.kill();
        }
        let ended = Finished::from(child.wait_with_output().expect("it ends"));
        let synced = syncs(&tenant);
        for (id, times) in &committed {
            assert_eq!(synced.get(id), Some(times), "{id} was sent again");
        }
        let runs = recorded(state.path());
        if ended.code == 0 {
            let object = object(&ended);
            assert_eq!(number(&object, "TotalDevices"), DEVICES, "{object}");
            assert_eq!(number(&object, "SuccessCount"), DEVICES, "{object}");
            assert_eq!(tenant.how_many("synced"), DEVICES, "none is lost");
            verified(state.path());
            return killed;
        }
        assert_eq!(ended.code, -1, "{ended:?}");
        killed += 1;
        if let Some(run) = runs.first() {
            for id in accepted(state.path(), &run.id) {
                let times = synced[&id];
                committed.entry(id).or_insert(times);
            }
        }
    }
}

/// A history of several runs with many devices each, the first the oldest.
fn filled(state: &TempDir, runs: u64, devices: u64) {
    for run in 1..=runs {
        let header = intune_sync_history::Header {
            id: format!("20261126-00000{run}-0000"),
            started_at: format!("2026-11-26T00:00:0{run}.000Z"),
            subject: Subject {
                cloud: "public".to_owned(),
                tenant: "a".to_owned(),
                app: "b".to_owned(),
            },
            settings: "[]".to_owned(),
            selection: "[]".to_owned(),
            arguments: "[]".to_owned(),
            program: "0.1.0".to_owned(),
            component_sha256: String::new(),
        };
        let recorder = Recorder::begin(open(state.path()), &header, None).expect("it begins");
        let ids = (1..=devices).map(|device| (device.wrapping_mul(0x9e37_79b9_7f4a_7c15), run));
        recorder.selected(
            ids.clone().map(|(hi, lo)| Selected {
                id: Guid::from_halves(hi, lo),
                name: "PC".to_owned(),
                os: "Windows".to_owned(),
            }),
            0,
        );
        for (hi, lo) in ids {
            let done = DeviceDone {
                id: wit::Guid { hi, lo },
                name: "PC".to_owned(),
                os: String::new(),
                last_sync: None,
                attempts: 1,
                outcome: Outcome::Accepted,
            };
            recorder.done(done, 0);
        }
        let devices = u32::try_from(devices).expect("a few thousand");
        let summary = Summary {
            total: devices,
            success: devices,
            error: 0,
            skipped: 0,
            gone: 0,
            pending: 0,
            batches: 1,
            retries: 0,
            throttled: 0,
            requests: 0,
            duration: 1,
            status: RunStatus::Completed,
        };
        let ended = recorder.end(&summary, "completed", "2026-11-26T01:00:00.000Z");
        ended.expect("it can be written");
    }
}

/// A run is deleted as a whole or not at all, whenever the deletion is killed.
#[test]
fn a_killed_deletion_leaves_whole_runs() {
    const DEVICES: usize = 4_000;
    let mut chance = fastrand::Rng::with_seed(1);
    for _ in 0..kills() / 10 {
        let state = state();
        filled(&state, 6, DEVICES as u64);
        let args = ["runs", "prune", "--keep", "2", "--yes"];
        let mut child = start(within(Program::new().args(args), &state));
        std::thread::sleep(Duration::from_micros(chance.u64(0..120_000)));
        let _ = child.kill();
        child.wait().expect("it ends");
        let left = recorded(state.path());
        assert!((2..=6).contains(&left.len()), "{left:?}");
        for run in &left {
            assert_eq!(accepted(state.path(), &run.id).len(), DEVICES, "{run:?}");
        }
        verified(state.path());
        let again = within(Program::new().args(args), &state).run();
        assert_eq!(again.code, 0, "{again:?}");
        assert_eq!(recorded(state.path()).len(), 2);
    }
}

/// A history is of one version or the next, whenever its migration is killed.
#[test]
fn a_killed_migration_is_made_up_for() {
    let mut chance = fastrand::Rng::with_seed(2);
    for _ in 0..kills() / 10 {
        let state = state();
        let file = StateDir::at(state.path()).file();
        let tables = include_str!("../../host/history/tests/history/v1.sql");
        let old = rusqlite::Connection::open(&file).expect("it is SQLite");
        old.execute_batch(tables).expect("it can be written");
        drop(old);
        let mut child = start(within(Program::new().args(["runs", "list"]), &state));
        std::thread::sleep(Duration::from_micros(chance.u64(0..40_000)));
        let _ = child.kill();
        child.wait().expect("it ends");
        let listed = within(
            Program::new().args(["runs", "list", "--output", "json"]),
            &state,
        )
        .run();
        assert_eq!(listed.code, 0, "{listed:?}");
        let list: Value = serde_json::from_str(&listed.stdout).expect("JSON");
        assert_eq!(list[0]["success"], 6);
        verified(state.path());
    }
}

/// Graph is gone for a while, and when it is back it knows neither the tokens nor the links that it gave before.
#[test]
fn a_graph_that_is_started_again_costs_nothing() {
    let state = state();
    let folder = state.path().join("simulator.json");
    let config =
        r#"{"fleet":{"devices":400},"latency":{"min_ms":20,"max_ms":60},"quota":{"kind":"off"}}"#;
    std::fs::write(&folder, config).expect("it can be written");
    let config = folder.to_str().expect("text");
    let simulate = |address: &str| {
        let args = ["simulate", "--config", config, "--listen", address];
        let mut running = Running::start(Program::new().args(args));
        let line = running.logs("listens on http://");
        let url = line.split("http://").nth(1).expect("an address");
        let address = url.split(';').next().expect("an address").to_owned();
        (running, address)
    };
    let (graph, address) = simulate("127.0.0.1:0");
    let url = format!("http://{address}");
    let sync = Program::new()
        .env("IDENTITY_ENDPOINT", &format!("{url}/msi/token"))
        .env("IDENTITY_HEADER", "simulator")
        .args([
            "sync",
            "--graph-url",
            &url,
            "--yes",
            "-v",
            "--output",
            "json",
        ])
        .args([
            "--pace",
            "quota",
            "--max-rate",
            "60",
            "--dispatch",
            "single",
        ])
        .args(["--initial-backoff-seconds", "1", "--max-retries", "10"]);
    let mut running = Running::start(within(sync, &state));
    for _ in 0..20 {
        running.logs(" accepted");
    }
    // As a power failure, it says nothing.
    graph.signal("KILL");
    drop(graph);
    running.logs("transport");
    let (_graph, _) = simulate(&address);
    let finished = running.finish();
    assert_eq!(finished.code, 0, "{finished:?}");
    let object = object(&finished);
    assert_eq!(number(&object, "SuccessCount"), 400, "{object}");
    verified(state.path());
}

/// A disk that fills up in the middle of a run: it ends, and says so; once there is room, nothing was lost.
#[test]
fn a_run_whose_disk_fills_up_is_resumed() {
    let state = state();
    let tenant = Tenant::new(healthy(3_000));
    let flags = [
        "--dispatch",
        "batch",
        "--pace",
        "quota",
        "--max-rate",
        "1000",
    ];
    let program = within(tenant.sync().args(flags), &state);
    // In blocks of 512 bytes: enough for the tables and some devices.
    let full = program
        .under(&["sh", "-c", "ulimit -f 400; exec \"$@\"", "sh"])
        .run();
    assert_eq!(full.code, 5, "{full:?}");
    let note = "the history can no longer be written";
    assert!(full.stderr.contains(note), "{full:?}");
    resumed_to_the_end(&tenant, &state, 3_000);
}

/// The same on a real disk that is full, where this user may mount one.
#[test]
fn a_run_whose_small_disk_is_full_is_resumed() {
    let may_mount = std::process::Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "none", "/tmp"])
        .status();
    if !may_mount.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this user may not mount a tmpfs");
        return;
    }
    let state = state();
    let tenant = Tenant::new(healthy(3_000));
    let flags = [
        "--dispatch",
        "batch",
        "--pace",
        "quota",
        "--max-rate",
        "1000",
    ];
    let disk = state.path().to_str().expect("text");
    let script = format!(
        "mount -t tmpfs -o size=700k none {disk} && \"$@\"; echo \"ended with $?\"; \
         mount -o remount,size=60m {disk} && \"$@\" --resume -q --output json"
    );
    let program = within(tenant.sync().args(flags), &state);
    let finished = program
        .under(&["unshare", "-rm", "sh", "-c", &script, "sh"])
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.contains("ended with 5\n"), "{finished:?}");
    let note = "the history can no longer be written";
    assert!(finished.stderr.contains(note), "{finished:?}");
    let last = finished.stdout.lines().last().expect("a line");
    let object: Value = serde_json::from_str(last).expect("JSON");
    assert_eq!(number(&object, "SuccessCount"), 3_000, "{object}");
    assert_eq!(tenant.how_many("synced"), 3_000);
}

/// Resumes the latest run: it comes to its end, with all devices accepted.
fn resumed_to_the_end(tenant: &Tenant, state: &TempDir, devices: u64) {
    let history: History = open(state.path());
    let latest = history.runs(&RunFilter::default()).expect("it can be read");
    let run = latest.first().expect("there is one").id.clone();
    drop(history);
    let resumed: Finished = runs(tenant, state, &["resume", &run]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(tenant.how_many("synced"), devices, "none is lost");
    verified(state.path());
}
