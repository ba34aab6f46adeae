//! Runs that stopped, and the command that goes on with them.

use super::{object, recorded, runs, slow, state, verified, within};
use crate::{
    books::number,
    program::Finished,
    running::{Running, until},
    tenant::{Tenant, healthy},
};

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_resumed_by_the_command_on_its_last_line() {
    let state = state();
    let tenant = slow(1_000);
    let args = ["-v", "--dispatch", "single", "--output", "json"];
    let mut running = Running::start(within(tenant.sync().args(args), &state));
    running.logs(" accepted");
    running.signal("INT");
    let first = running.finish();
    assert_eq!(first.code, 130, "{first:?}");
    let (first_object, command) = (object(&first), first.stderr.lines().last().expect("a line"));
    let id = first_object["RunId"].as_str().expect("an id");
    let expected = format!("intune-sync runs resume {id} --state-dir ");
    assert!(command.starts_with(&expected), "{first:?}");
    let pending = number(&first_object, "PendingCount");
    assert!(pending > 0);
    let show = ["show", id, "--only", "pending", "--output", "csv"];
    let rows = runs(&tenant, &state, &show).stdout.lines().skip(1).count() as u64;
    assert_eq!(rows, pending);

    let second = within(tenant.surround(), &state);
    let second = crate::tenant::hurry(second)
        .args(command.split(' ').skip(1))
        .run();
    assert_eq!(second.code, 0, "{second:?}");
    let whole = object(&second);
    assert_eq!(whole["Resumed"], *id);
    assert_eq!(number(&whole, "TotalDevices"), 1_000);
    assert_eq!(number(&whole, "SuccessCount"), 1_000);
    assert_eq!(number(&whole, "PendingCount"), 0);
    let statistics = tenant.statistics();
    assert_eq!(
        statistics.devices_synced_once, 1_000,
        "none was synced twice"
    );
    assert_eq!(statistics.repeated_after_known_outcome, 0);
    // A sync that was begun as the signal came does not leave any more, but was counted.
    let requests = statistics.requests.total() - statistics.requests.identity;
    let counted = number(&whole, "HttpRequests");
    assert!((requests..=requests + 64).contains(&counted), "{whole}");
    verified(state.path());

    let third = runs(&tenant, &state, &["resume", id]);
    assert_eq!(third.code, 2, "{third:?}");
    assert!(third.error().0.contains("is finished"), "{third:?}");
}

/// However a run ends before its work is done, the last line is the command.
#[cfg(unix)]
#[test]
fn the_last_line_is_the_command_after_any_stop() {
    let is_command = |finished: &Finished| {
        let last = finished.stderr.lines().last().expect("a line");
        assert!(last.starts_with("intune-sync runs resume "), "{finished:?}");
        last.split(' ').nth(3).expect("an id").to_owned()
    };
    let pause = ["-v", "--batch-size", "20", "--batch-delay-seconds", "1h"];
    for signal in crate::signals::signals() {
        let state = state();
        let tenant = Tenant::new(healthy(60));
        let mut running = Running::start(within(tenant.sync().args(pause), &state));
        running.logs("Finished batch 1 of 3");
        running.signal(signal);
        let finished = running.finish();
        assert_eq!(finished.code, 130, "{finished:?}");
        is_command(&finished);
    }

    let state = state();
    let tenant = Tenant::new(healthy(60));
    let deadline = ["--deadline", "10s"];
    let finished = within(tenant.sync().args(pause).args(deadline), &state).run();
    assert_eq!(finished.code, 5, "{finished:?}");
    is_command(&finished);

    // Graph names a time that is too far away to wait for.
    let state = self::state();
    let mut config = healthy(60);
    config.faults.statuses = vec![503];
    config.faults.single = intune_sync_simulator::Share::percent(50);
    config.faults.unavailable_retry_after = intune_sync_simulator::Share::ALL;
    config.retry_after.unavailable_ms = 7_200_000;
    let tenant = Tenant::new(config);
    let finished = within(tenant.sync().args(["--dispatch", "single"]), &state).run();
    assert_eq!(finished.code, 5, "{finished:?}");
    let run = is_command(&finished);
    let pending = runs(
        &tenant,
        &state,
        &["show", &run, "--only", "pending", "--output", "csv"],
    );
    assert!(pending.stdout.lines().count() > 1, "{pending:?}");
}

/// What a second signal leaves can be resumed too.
#[cfg(unix)]
#[test]
fn the_last_line_is_the_command_after_a_second_signal_too() {
    let state = state();
    let hung = crate::stopping::hung_server();
    let tenant = Tenant::new(healthy(100));
    let program = tenant
        .surround()
        .env("INTUNE_SYNC_GRAPH_URL", &format!("http://{}", hung.address))
        .args(["sync"]);
    let mut running = Running::start(within(program, &state));
    hung.asked_for_a_sync();
    running.signal("INT");
    running.logs("note: stopping");
    running.signal("TERM");
    let finished = running.finish();
    assert_eq!(finished.code, 130, "{finished:?}");
    let id = &recorded(state.path())[0].id;
    let last = finished.stderr.lines().last().expect("a line");
    let command = format!("intune-sync runs resume {id} --state-dir ");
    assert!(last.starts_with(&command), "{finished:?}");
}

#[test]
fn with_nothing_to_resume_a_new_run_begins() {
    let state = state();
    let tenant = Tenant::new(healthy(10));
    let finished = within(tenant.sync().args(["--resume", "--output", "json"]), &state).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("there is no unfinished run to resume"),
        "{finished:?}"
    );
    assert_eq!(object(&finished).get("Resumed"), None);
}

/// The next part of a run is what was left of it, whatever has become of the devices since.
#[test]
fn devices_that_no_longer_match_are_resumed_all_the_same() {
    let state = state();
    let mut config = healthy(60);
    config.fleet.check_in_seconds = 0;
    let tenant = Tenant::new(config);
    let selection = ["--stale-for", "1d"];
    let program = tenant.sync().args(selection).args(FIRST_BATCH);
    let (first, object) = within(program, &state).json();
    assert_eq!(first.code, 5, "{first:?}");
    let total = number(&object, "TotalDevices");
    assert!(total > 20, "{object}");
    // All check in, and none is stale any more.
    let meanwhile = tenant.sync().args(["--no-history"]).run();
    assert_eq!(meanwhile.code, 0, "{meanwhile:?}");
    until("no device is stale", || {
        let (_, plan) = tenant.plan().args(selection).json();
        number(&plan, "Total") == 0
    });
    let (resumed, object) = within(tenant.sync().args(selection).args(["--resume"]), &state).json();
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(number(&object, "TotalDevices"), total, "{object}");
    assert_eq!(number(&object, "SuccessCount"), total, "{object}");
    assert!(
        resumed.stderr.contains("going on with run `"),
        "{resumed:?}"
    );
}

/// A list of devices may have been a pipe, or is gone since: the history knows them.
#[test]
fn a_list_of_devices_is_not_needed_again() {
    let state = state();
    let tenant = Tenant::new(healthy(60));
    let file = state.path().join("devices.txt");
    let ids: Vec<String> = tenant
        .simulator
        .devices(None)
        .expect("the fleet")
        .into_keys()
        .take(50)
        .collect();
    std::fs::write(&file, ids.join("\n")).expect("it can be written");
    let list = ["--devices-from", file.to_str().expect("text")];
    let program = tenant.sync().args(list).args(FIRST_BATCH);
    let (first, object) = within(program, &state).json();
    assert_eq!(first.code, 5, "{first:?}");
    let run = object["RunId"].as_str().expect("an id");
    std::fs::remove_file(&file).expect("it is there");
    for (accepted, code) in [(40, 5), (50, 0)] {
        let resumed = runs(&tenant, &state, &["resume", run]);
        assert_eq!(resumed.code, code, "{resumed:?}");
        assert_eq!(tenant.how_many("synced"), accepted);
    }
    let confirmed = runs(&tenant, &state, &["confirm", run, "--output", "json"]);
    assert_eq!(confirmed.code, 0, "{confirmed:?}");
}

#[test]
fn a_run_of_another_job_is_not_resumed() {
    let state = state();
    let tenant = Tenant::new(healthy(100));
    let pause = [
        "--deadline",
        "1s",
        "--batch-size",
        "20",
        "--batch-delay-seconds",
        "1h",
    ];
    let (first, first_object) = within(tenant.sync().args(pause), &state).json();
    assert_eq!(first.code, 5, "{first:?}");
    let resume = format!(
        "--resume={}",
        first_object["RunId"].as_str().expect("an id")
    );
    let other = within(tenant.sync().args([&*resume, "--limit", "7"]), &state).run();
    assert_eq!(other.code, 2, "{other:?}");
    assert!(other.error().0.contains("selection `"), "{other:?}");
    // Another pace is the same job.
    let pace = within(tenant.sync().args([&*resume, "--pace", "quota"]), &state).run();
    assert_eq!(pace.code, 0, "{pace:?}");
}

/// `--limit` counts the devices of all parts.
#[cfg(unix)]
#[test]
fn a_limit_holds_over_all_parts() {
    let state = state();
    let tenant = Tenant::new(healthy(100));
    let pause = ["-v", "--limit", "50", "--batch-size", "20"];
    let mut first = Running::start(within(
        tenant
            .sync()
            .args(pause)
            .args(["--batch-delay-seconds", "1h"]),
        &state,
    ));
    first.logs("Finished batch 1 of 3");
    first.signal("INT");
    assert_eq!(first.finish().code, 130);
    let flags = ["--limit", "50", "--resume", "--output", "json"];
    let whole = within(tenant.sync().args(flags), &state).run();
    assert_eq!(whole.code, 0, "{whole:?}");
    assert_eq!(number(&object(&whole), "TotalDevices"), 50);
    assert_eq!(number(&object(&whole), "SuccessCount"), 50);
    assert_eq!(tenant.how_many("synced"), 50);
}

/// Stops after the first of several batches.
const FIRST_BATCH: [&str; 6] = [
    "--batch-size",
    "20",
    "--batch-delay-seconds",
    "1h",
    "--deadline",
    "10s",
];
