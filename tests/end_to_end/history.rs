//! Runs that survive: what a run records, how it is resumed, and that one tenant and identity has one run at a time.

mod resume;

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use intune_sync_history::{
    DeviceFilter, DeviceOutcome, Error, History, Run, RunFilter, StateDir, Verification,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    books::number,
    program::{Finished, Program},
    running::{Running, until},
    schema,
    tenant::{Tenant, healthy},
};

pub(crate) fn state() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

pub(crate) fn within(program: Program, state: &TempDir) -> Program {
    let path = state.path().to_str().expect("it is text");
    program.env("INTUNE_SYNC_STATE_DIR", path)
}

/// `intune-sync runs …`, in the surroundings of the tenant.
pub(crate) fn runs(tenant: &Tenant, state: &TempDir, args: &[&str]) -> Finished {
    let args = std::iter::once("runs").chain(args.iter().copied());
    within(tenant.surround().args(args), state).run()
}

pub(crate) fn object(finished: &Finished) -> Value {
    schema::assert_output(&finished.stdout);
    serde_json::from_str(&finished.stdout).expect("JSON")
}

pub(crate) fn open(path: &Path) -> History {
    History::open(&StateDir::at(path)).expect("it can be opened")
}

pub(crate) fn recorded(path: &Path) -> Vec<Run> {
    let runs = open(path).runs(&RunFilter::default());
    runs.expect("it can be read")
}

pub(crate) fn accepted(path: &Path, run: &str) -> HashSet<String> {
    let mut accepted = HashSet::new();
    let only = DeviceFilter::Only(DeviceOutcome::Accepted);
    let read = open(path).devices(run, only, |device| {
        accepted.insert(device.id);
        Ok::<(), Error>(())
    });
    read.expect("it can be read");
    accepted
}

/// How often each device was synced.
pub(crate) fn syncs(tenant: &Tenant) -> HashMap<String, u8> {
    tenant
        .simulator
        .devices(Some("synced"))
        .expect("an outcome")
}

pub(crate) fn verified(path: &Path) {
    let history = open(path);
    for run in recorded(path) {
        let verified = history.verify(&run).expect("it can be read");
        assert!(
            matches!(verified, Verification::Whole { .. }),
            "{verified:?}"
        );
    }
}

#[test]
fn a_run_records_itself() {
    let state = state();
    let mut config = healthy(120);
    config.fleet.unsupported = intune_sync_simulator::Share::percent(5);
    let tenant = Tenant::new(config);
    let finished = within(tenant.sync().args(["--output", "json"]), &state).run();
    assert_eq!(finished.code, 3, "{finished:?}");
    let object = object(&finished);
    let run = object["RunId"].as_str().expect("an id");
    assert_eq!(object.get("Resumed"), None);

    let listed = runs(&tenant, &state, &["list"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.stdout.contains(run), "{listed:?}");
    let listed = runs(&tenant, &state, &["list", "--output", "json"]);
    let list: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(list[0]["id"], *run);
    assert_eq!(list[0]["total"], object["TotalDevices"]);
    assert_eq!(list[0]["requests"], object["HttpRequests"]);
    assert_eq!(list[0]["outcome"], object["Outcome"]);
    assert_eq!(list[0]["evidence_sha256"], object["EvidenceSha256"]);
    let none = runs(
        &tenant,
        &state,
        &["list", "--outcome", "killed", "--output", "json"],
    );
    assert_eq!(none.stdout, "[]\n");

    let failed = runs(
        &tenant,
        &state,
        &["show", run, "--only", "failed", "--output", "csv"],
    );
    let rows = failed.stdout.lines().skip(1).count() as u64;
    assert_eq!(rows, number(&object, "ErrorCount"), "{failed:?}");
    let failing = runs(&tenant, &state, &["failing", "--output", "json"]);
    let failing: Value = serde_json::from_str(&failing.stdout).expect("JSON");
    assert_eq!(failing.as_array().map(Vec::len), Some(rows as usize));

    let exported = runs(&tenant, &state, &["export", run]);
    let tables = exported.stdout.lines().map(|line| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        line["table"].as_str().expect("a table").to_owned()
    });
    let requests = tables.filter(|table| table == "request").count() as u64;
    assert_eq!(requests, number(&object, "HttpRequests"));

    let verified = runs(&tenant, &state, &["verify", run]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let evidence = object["EvidenceSha256"].as_str().expect("a hash");
    assert!(verified.stdout.contains(evidence), "{verified:?}");

    let pruned = runs(&tenant, &state, &["prune", "--keep", "0", "--yes"]);
    assert_eq!(pruned.code, 0, "{pruned:?}");
    assert_eq!(recorded(state.path()), []);
    let unknown = runs(&tenant, &state, &["show", run]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert_eq!(unknown.error().1, "`intune-sync runs list` lists them");
}

/// The ids of devices that failed are what the next run takes.
#[test]
fn failed_devices_can_be_sent_again() {
    let state = state();
    let mut config = healthy(60);
    config.fleet.unsupported = intune_sync_simulator::Share::percent(10);
    let tenant = Tenant::new(config);
    let (_, first) = within(tenant.sync(), &state).json();
    let run = first["RunId"].as_str().expect("an id");
    let csv = runs(
        &tenant,
        &state,
        &["show", run, "--only", "failed", "--output", "csv"],
    )
    .stdout;
    let again = within(
        tenant
            .sync()
            .args(["--devices-from", "-", "--output", "json"]),
        &state,
    );
    let again = again.run_with_input(&csv);
    assert_eq!(
        object(&again)["TotalDevices"],
        first["ErrorCount"],
        "{again:?}"
    );
}

#[test]
fn without_a_history_there_is_no_file() {
    let state = state();
    let tenant = Tenant::new(healthy(10));
    let finished = within(
        tenant.sync().args(["--no-history", "--output", "json"]),
        &state,
    )
    .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(object(&finished).get("EvidenceSha256"), None);
    assert_eq!(state.path().read_dir().expect("it is there").count(), 0);
    let both = within(tenant.sync().args(["--no-history", "--resume"]), &state).run();
    assert_eq!(both.code, 2, "{both:?}");
}

#[test]
fn a_history_that_cannot_be_written_is_found_before_anything_is_sent() {
    let state = state();
    let file = state.path().join("file");
    std::fs::write(&file, "").expect("it can be written");
    let tenant = Tenant::new(healthy(10));
    let program = tenant
        .sync()
        .env("INTUNE_SYNC_STATE_DIR", file.to_str().expect("text"));
    let finished = program.run();
    assert_eq!(finished.code, 1, "{finished:?}");
    let (error, hint) = finished.error();
    assert!(error.starts_with("cannot write the history at"), "{error}");
    assert!(hint.contains("`--no-history`"), "{hint}");
    assert_eq!(tenant.statistics().requests.list, 0);
}

/// A fleet whose run takes long enough to be met in the middle.
pub(crate) fn slow(devices: u32) -> Tenant {
    let mut config = healthy(devices);
    config.list.page_size = 1_000.try_into().expect("not 0");
    config.latency.min_ms = 5;
    config.latency.max_ms = 20;
    Tenant::new(config)
}

#[cfg(unix)]
#[test]
fn a_second_run_of_the_same_identity_sends_nothing() {
    let state = state();
    let tenant = Tenant::new(healthy(100));
    let args = ["-v", "--batch-size", "20", "--batch-delay-seconds", "1h"];
    let mut running = Running::start(within(tenant.sync().args(args), &state));
    running.logs("Finished batch 1 of 5");
    let before = tenant.statistics();
    let second = within(tenant.sync(), &state).run();
    assert_eq!(second.code, 75, "{second:?}");
    let (error, _) = second.error();
    assert!(
        error.starts_with("another run of this tenant and identity goes on: process "),
        "{error}"
    );
    let after = tenant.statistics();
    assert_eq!(after.requests.list, before.requests.list);
    assert_eq!(after.syncs_requested, before.syncs_requested);
    // A run under way is not deleted.
    let pruned = runs(&tenant, &state, &["prune", "--keep", "0", "--yes"]);
    assert!(
        pruned.stderr.contains("there is no run to delete"),
        "{pruned:?}"
    );
    running.signal("INT");
    assert_eq!(running.finish().code, 130);
}

/// Two programs at once: one of them syncs, the other one says so.
#[cfg(unix)]
#[test]
fn of_two_that_start_at_once_one_runs() {
    let state = state();
    let tenant = Tenant::new(healthy(100));
    let args = ["-v", "--batch-size", "20", "--batch-delay-seconds", "1h"];
    let start = || Running::start(within(tenant.sync().args(args), &state));
    let (mut one, mut other) = (start(), start());
    until("one has ended", || {
        std::mem::swap(&mut one, &mut other);
        one.has_ended()
    });
    let busy = one.finish();
    assert_eq!(busy.code, 75, "{busy:?}");
    other.logs("Finished batch 1 of 5");
    other.signal("INT");
    assert_eq!(other.finish().code, 130);
    assert_eq!(tenant.how_many("synced"), 20);
}
