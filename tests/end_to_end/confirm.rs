//! Who has checked in since: `sync --confirm-after` and `runs confirm`.

use std::collections::BTreeSet;

use intune_sync_simulator::{Config, Share};
use serde_json::Value;
use tempfile::TempDir;

#[cfg(unix)]
use crate::running::Running;
use crate::{
    history::{object, runs, state, within},
    tenant::{Tenant, healthy},
};

/// A third of its devices never check in; the others take a second.
fn partly_offline(devices: u32) -> Config {
    let mut config = healthy(devices);
    config.fleet.offline = Share::percent(33);
    config.fleet.check_in_seconds = 1;
    config
}

/// The devices that a report names.
fn named(confirmed: &Value) -> BTreeSet<String> {
    let devices = confirmed["Devices"].as_array().expect("a list");
    let id = |device: &Value| device["Id"].as_str().expect("an id").to_owned();
    devices.iter().map(id).collect()
}

/// The devices in the table of `runs show RUN --only …`.
fn shown(tenant: &Tenant, state: &TempDir, run: &str, only: &str) -> (String, BTreeSet<String>) {
    let args = ["show", run, "--only", only, "--output", "csv"];
    let finished = runs(tenant, state, &args);
    assert_eq!(finished.code, 0, "{finished:?}");
    let id = |row: &str| row.split("\",\"").nth(1).expect("an id").to_owned();
    let ids = finished.stdout.lines().skip(1).map(id).collect();
    (finished.stdout, ids)
}

#[test]
fn those_that_have_not_checked_in_are_named_and_can_be_sent_again() {
    let state = state();
    let tenant = Tenant::new(partly_offline(60));
    let args = ["--output", "json", "--confirm-after", "3s"];
    let finished = within(tenant.sync().args(args), &state).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let object = object(&finished);
    let run = object["RunId"].as_str().expect("an id");
    let confirmed = &object["Confirmed"];
    let unconfirmed = named(confirmed);
    assert!(
        !unconfirmed.is_empty() && unconfirmed.len() < 60,
        "{confirmed}"
    );
    assert_eq!(confirmed["Unconfirmed"], unconfirmed.len());
    assert_eq!(confirmed["CheckedIn"], 60 - unconfirmed.len());
    let platforms = confirmed["Platforms"].as_array().expect("a list");
    let sum = |key: &str| -> u64 {
        let counts = platforms.iter().map(|platform| platform[key].as_u64());
        counts.map(|count| count.expect("a number")).sum()
    };
    assert_eq!(confirmed["Unconfirmed"], sum("Unconfirmed"));
    assert_eq!(confirmed["CheckedIn"], sum("CheckedIn"));

    let (_, checked_in) = shown(&tenant, &state, run, "confirmed");
    assert_eq!(checked_in.len(), 60 - unconfirmed.len());
    let (table, ids) = shown(&tenant, &state, run, "unconfirmed");
    assert_eq!(ids, unconfirmed);
    // The table is a list for the next run.
    let file = state.path().join("unconfirmed.csv");
    std::fs::write(&file, table).expect("it can be written");
    let before = tenant.statistics().syncs_accepted;
    let file = ["--devices-from", file.to_str().expect("text")];
    let again = within(tenant.sync().args(file), &state).run();
    assert_eq!(again.code, 0, "{again:?}");
    let sent = tenant.statistics().syncs_accepted - before;
    assert_eq!(sent, ids.len() as u64);
}

#[test]
fn who_has_checked_in_can_be_found_out_later() {
    let state = state();
    let mut config = partly_offline(60);
    config.fleet.offline = Share::ALL;
    config.fleet.unsupported = Share::percent(20);
    let tenant = Tenant::new(config);
    let finished = within(tenant.sync().args(["--output", "json"]), &state).run();
    let object = object(&finished);
    let run = object["RunId"].as_str().expect("an id");
    let early = runs(&tenant, &state, &["show", run, "--only", "unconfirmed"]);
    assert_eq!(early.code, 2, "{early:?}");
    let (error, hint) = early.error();
    assert!(error.contains("nobody knows yet"), "{error}");
    // The command finds the same history, wherever it is given.
    let place = format!("--state-dir {}", state.path().display());
    let command = format!("`intune-sync runs confirm {run} {place}`");
    assert_eq!(hint, format!("{command} finds out"));

    let before = tenant.statistics().requests;
    let confirmed = runs(&tenant, &state, &["confirm", run, "--output", "json"]);
    assert_eq!(confirmed.code, 0, "{confirmed:?}");
    crate::schema::assert_confirmation(&confirmed.stdout);
    let report: Value = serde_json::from_str(&confirmed.stdout).expect("JSON");
    assert_eq!(report["RunId"], run);
    // Those that have failed have nothing to confirm.
    assert_eq!(report["Confirmed"]["Unconfirmed"], object["SuccessCount"]);
    assert_eq!(report["Confirmed"]["CheckedIn"], 0);
    let after = tenant.statistics().requests;
    assert_eq!((after.sync, after.batch), (before.sync, before.batch));

    let text = runs(&tenant, &state, &["confirm", run]);
    assert!(text.stdout.starts_with("CheckedIn   : 0\n"), "{text:?}");
    let all = format!("`intune-sync runs show {run} --only unconfirmed {place}`");
    assert!(text.stdout.contains(&all), "{text:?}");
}

#[test]
fn a_run_of_which_nothing_was_accepted_has_nothing_to_confirm() {
    let state = state();
    let mut config = healthy(5);
    config.fleet.unsupported = Share::ALL;
    let tenant = Tenant::new(config);
    let args = ["--output", "json", "--confirm-after", "1h"];
    let finished = within(tenant.sync().args(args), &state).run();
    assert_eq!(finished.code, 3, "{finished:?}");
    let object = object(&finished);
    assert_eq!(object.get("Confirmed"), None);
    let run = object["RunId"].as_str().expect("an id");
    let confirmed = runs(&tenant, &state, &["confirm", run]);
    assert_eq!(confirmed.code, 2, "{confirmed:?}");
    assert!(
        confirmed.error().0.contains("nothing to confirm"),
        "{confirmed:?}"
    );
}

#[cfg(unix)]
#[test]
fn the_wait_is_gone_on_with_by_the_command_on_the_last_line() {
    for signal in crate::signals::signals() {
        let state = state();
        let tenant = Tenant::new(partly_offline(30));
        let args = ["--confirm-after", "5s"];
        let mut running = Running::start(within(tenant.sync().args(args), &state));
        running.logs("waiting until");
        // Another run may begin meanwhile.
        let other = within(tenant.sync().args(["--limit", "1"]), &state).run();
        assert_eq!(other.code, 0, "{other:?}");
        running.signal(signal);
        let stopped = running.finish();
        // People see the summary before the wait.
        assert!(stopped.stdout.starts_with("TotalDevices"), "{stopped:?}");
        let last = stopped.stderr.lines().last().expect("a line");
        let run = last
            .strip_prefix("intune-sync runs resume ")
            .expect("a command");
        let run = run.split(' ').next().expect("an id");
        assert_eq!(stopped.code, 130, "{stopped:?}");
        let accepted = tenant.statistics().syncs_accepted;
        let resumed = runs(&tenant, &state, &["resume", run]);
        assert_eq!(resumed.code, 0, "{resumed:?}");
        assert!(resumed.stdout.starts_with("CheckedIn"), "{resumed:?}");
        assert_eq!(tenant.statistics().syncs_accepted, accepted);
        // It is known now: there is nothing left to do.
        let third = runs(&tenant, &state, &["resume", run]);
        assert_eq!(third.code, 2, "{third:?}");
    }
}

#[cfg(unix)]
#[test]
fn the_wait_survives_a_kill_and_ends_with_the_deadline() {
    let state = state();
    let tenant = Tenant::new(partly_offline(30));
    let mut running = Running::start(within(
        tenant
            .sync()
            .args(["--confirm-after", "5s", "--output", "json"]),
        &state,
    ));
    running.logs("waiting until");
    running.signal("KILL");
    let killed = running.finish();
    assert_eq!(killed.stdout, "", "JSON is one object, at the end");
    let list = runs(&tenant, &state, &["list", "--output", "json"]);
    let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
    assert_eq!(list[0]["outcome"], "completed");
    let run = list[0]["id"].as_str().expect("an id");
    let resumed = runs(&tenant, &state, &["resume", run]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    crate::schema::assert_confirmation(&resumed.stdout);

    let args = ["--confirm-after", "1h", "--deadline", "10s"];
    let finished = within(tenant.sync().args(args), &state).run();
    assert_eq!(finished.code, 5, "{finished:?}");
    let last = finished.stderr.lines().last().expect("a line");
    assert!(last.starts_with("intune-sync runs resume "), "{finished:?}");
}

#[test]
fn without_a_history_nothing_can_be_confirmed() {
    let tenant = Tenant::new(healthy(5));
    let args = ["--confirm-after", "1h", "--no-history"];
    let finished = tenant.sync().args(args).run();
    assert_eq!(finished.code, 2, "{finished:?}");
    let (error, hint) = finished.error();
    assert_eq!(
        error,
        "`--confirm-after` and `--no-history` are not allowed together"
    );
    assert!(hint.starts_with("leave `--no-history` out"), "{hint}");
    assert_eq!(tenant.statistics().requests.total(), 0);
}
