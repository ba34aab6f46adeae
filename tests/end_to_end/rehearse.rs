//! `rehearse`: what it says of a run is what that run comes to, and it says the same each time.

use std::io::Write as _;

use insta::assert_snapshot;
use intune_sync_sandbox::promise::Promise;
use serde_json::Value;

use crate::{
    books::{list, number},
    program::{Finished, Program},
    schema,
    tenant::{Tenant, healthy},
};

fn rehearse(args: &str) -> Program {
    Program::new()
        .args(["rehearse"])
        .args(args.split_whitespace())
}

fn object(args: &str) -> (Finished, Value) {
    let (finished, object) = rehearse(args).json();
    schema::assert_rehearsal(&finished.stdout);
    (finished, object)
}

/// Nothing in it depends on the machine, or on how long the rehearsal takes.
fn transcript(finished: &Finished) -> String {
    format!(
        "exit code {}\n--- stdout\n{}--- stderr\n{}",
        finished.code, finished.stdout, finished.stderr
    )
}

#[test]
fn text_of_a_large_fleet() {
    let finished = rehearse("--devices 25000 --neighbour 30 --faults 0.5").run();
    assert_snapshot!(transcript(&finished));
}

#[test]
fn text_of_a_small_fleet_some_of_whose_devices_fail() {
    let finished = rehearse("--devices 300 --faults 40 --max-retries 1 --dispatch single").run();
    assert_eq!(finished.code, 3, "{finished:?}");
    assert_snapshot!(transcript(&finished));
}

#[test]
fn text_of_a_run_that_fails() {
    let finished = rehearse("--devices 300 --faults 99.99 --no-alternatives").run();
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_snapshot!(transcript(&finished));
}

#[test]
fn json_keeps_to_its_schema_and_its_figures_agree() {
    for (args, code, outcome) in [
        ("--devices 3000 --pace quota", 0, "completed"),
        (
            "--devices 150 --dispatch bulk --bulk-cost call",
            0,
            "completed",
        ),
        (
            "--devices 700 --neighbour 80 --neighbour-period 30s --pace quota --limiter fixed",
            0,
            "completed",
        ),
        (
            "--devices 700 --quota 50 --limiter bucket --max-rate 20 --pace quota",
            0,
            "completed",
        ),
        (
            "--devices 200 --faults 40 --max-retries 0 --dispatch single",
            3,
            "completed-with-errors",
        ),
        ("--devices 200 --faults 99.99", 1, "failed"),
    ] {
        let (finished, object) = object(args);
        assert_eq!(finished.code, code, "{args}: {finished:?}");
        assert_eq!(object["Outcome"], outcome, "{args}");
        assert_eq!(number(&object, "EarlyCalls"), 0, "{args}");
        assert_eq!(object.get("Error").is_some(), code == 1, "{args}");
        let outcomes = [
            "SuccessCount",
            "ErrorCount",
            "SkippedCount",
            "GoneCount",
            "PendingCount",
        ];
        assert_eq!(
            outcomes.map(|key| number(&object, key)).iter().sum::<u64>(),
            number(&object, "TotalDevices")
        );
        let kinds = ["List", "Single", "Batch", "Bulk", "Other"];
        let requests = &object["Requests"];
        assert_eq!(
            kinds.map(|kind| number(requests, kind)).iter().sum::<u64>(),
            number(&object, "HttpRequests")
        );
        assert_eq!(number(requests, "Other"), 0);
        assert_eq!(list(&object, "Alternatives").len(), 6, "{args}");
        if code == 0 {
            assert_eq!(
                number(&object, "SuccessCount"),
                number(&object, "TotalDevices")
            );
            assert!(number(&object, "Writes") > number(&object, "ThrottledWrites"));
        }
    }
}

/// If the fleet is no larger than a sample, each alternative is what a rehearsal of it says.
#[test]
fn an_alternative_is_what_its_own_rehearsal_says() {
    const TENANT: &str = "--devices 900 --quota 120 --faults 1 --seed 5";
    let (_, all) = object(TENANT);
    for alternative in list(&all, "Alternatives") {
        let word = |key: &str| alternative[key].as_str().expect("a word");
        let (dispatch, pace) = (word("Dispatch"), word("Pace"));
        let (_, alone) = object(&format!(
            "{TENANT} --no-alternatives --dispatch {dispatch} --pace {pace}"
        ));
        assert_eq!(list(&alone, "Alternatives").len(), 0);
        assert_eq!(alone.get("Recommended"), None);
        for key in ["DurationMinutes", "ThrottledPercent"] {
            assert_eq!(alternative[key], alone[key], "{dispatch} {pace}: {key}");
        }
        assert_eq!(
            number(alternative, "HttpRequests"),
            number(&alone, "HttpRequests") + number(&alone["Requests"], "Token")
        );
        let is_default = (dispatch, pace) == ("batch", "fixed");
        assert_eq!(alternative["IsThisRun"], is_default, "{alternative}");
    }
}

/// A sample of a larger fleet comes within a third of the fleet itself, where it has pauses and where it has none: a
/// good part of it goes by before the engine has found out what a neighbour leaves, or what a bulk call costs.
#[test]
fn an_extrapolation_is_near_the_truth() {
    for tenant in [
        "--devices 12000 --neighbour 40",
        "--devices 12000 --batch-size 3000 --batch-delay-seconds 10m",
    ] {
        let (_, all) = object(tenant);
        for alternative in list(&all, "Alternatives") {
            let word = |key: &str| alternative[key].as_str().expect("a word");
            let (_, alone) = object(&format!(
                "{tenant} --no-alternatives --dispatch {} --pace {}",
                word("Dispatch"),
                word("Pace")
            ));
            let minutes = |object: &Value| object["DurationMinutes"].as_f64().expect("a number");
            let (estimate, truth) = (minutes(alternative), minutes(&alone));
            assert!(
                (estimate - truth).abs() < truth / 3.0,
                "{estimate}, but {truth}: {alternative}"
            );
        }
    }
}

#[test]
fn the_same_seed_says_the_same_and_another_does_not() {
    let text = |args: &str| rehearse(args).run().stdout;
    let tenant = "--devices 2500 --faults 2 --neighbour 50 --neighbour-period 1m";
    let first = text(tenant);
    assert_eq!(first, text(tenant));
    assert_ne!(first, text(&format!("{tenant} --seed 2")));
    assert_eq!(
        text(&format!("{tenant} --seed 7")),
        text(&format!("--seed 7 {tenant}"))
    );
}

#[test]
fn the_component_in_a_file_is_rehearsed_instead_of_the_built_in_one() {
    let built_in = rehearse("--devices 300").run();
    let mut component = tempfile::NamedTempFile::new().expect("a file");
    let engine = Promise::Engine.embedded();
    component.write_all(engine).expect("it can be written");
    let path = component.path().to_str().expect("a path in UTF-8");
    let file = rehearse("--devices 300").args(["--component", path]).run();
    assert_eq!((file.code, &file.stdout), (0, &built_in.stdout), "{file:?}");
}

/// The beta's bulk action is the fastest here, and who has not asked for it is not sent there.
#[test]
fn bulk_is_recommended_to_who_asks_for_it_alone() {
    let fleet = "--devices 1000 --bulk-cost call";
    for (asked, recommended) in [
        ("single", "--dispatch batch --pace quota"),
        ("batch", "intune-sync sync --pace quota"),
        ("bulk", "--dispatch bulk --pace quota"),
    ] {
        let (_, object) = object(&format!("{fleet} --dispatch {asked}"));
        let fastest = &list(&object, "Alternatives")[0];
        assert_eq!(
            (&fastest["Dispatch"], &fastest["Pace"]),
            (&"bulk".into(), &"quota".into())
        );
        let command = object["Recommended"].as_str().expect("a command line");
        assert!(command.ends_with(recommended), "{asked}: {command}");
    }
}

#[test]
fn what_is_recommended_can_be_typed_as_it_is() {
    let finished = rehearse("--devices 50 --batch-size 20 --max-rate 8.5").run();
    let (_, command) = finished
        .stdout
        .split_once("\n  intune-sync ")
        .expect("a command line");
    assert_eq!(
        command.trim_end(),
        "sync --batch-size 20 --pace quota --max-rate 8.5"
    );
    let tenant = Tenant::new(healthy(2));
    let finished = tenant.surround().args(command.split_whitespace()).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().devices_synced_once, 2);
}

/// The config file has the selection.
#[test]
fn what_is_recommended_keeps_the_config_file() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("nightly job.toml");
    let content = "os = [\"Windows\"]\npace = \"quota\"\ndispatch = \"single\"\n";
    std::fs::write(&path, content).expect("it is written");
    let path = path.to_str().expect("UTF-8");
    let finished = rehearse("--devices 400").args(["--config", path]).run();
    let expected =
        format!("\n  intune-sync sync --config '{path}' --dispatch batch --pace quota\n");
    assert!(finished.stdout.contains(&expected), "{finished:?}");
}

/// `sync` would end such a run, and a rehearsal of it says so.
#[test]
fn a_run_of_more_than_a_week_is_warned_about() {
    let finished =
        rehearse("--devices 400 --batch-size 2 --batch-delay-seconds 1h --no-alternatives").run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(
        finished
            .stdout
            .starts_with("a run of 400 devices takes 8d7h\n"),
        "{finished:?}"
    );
    assert!(
        finished
            .stderr
            .contains("warning: this run takes 8d7h, and `sync` ends a run after 7d\nhint: "),
        "{finished:?}"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it() {
    for signal in ["INT", "TERM"] {
        let program = rehearse("--devices 2000000 --dispatch single --pace quota");
        let mut running = crate::running::Running::start(program);
        running.logs("nothing leaves this machine");
        running.signal(signal);
        running.logs("note: interrupted");
        let finished = running.finish();
        assert_eq!(
            (finished.code, &*finished.stdout),
            (130, ""),
            "{finished:?}"
        );
    }
}
