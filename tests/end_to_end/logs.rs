//! `--log-format` and `--log-file`, and an object for who reads JSON however a run ends.

use std::fs;

use intune_sync_simulator::Share;
use serde_json::Value;

use crate::{
    program::Program,
    schema,
    tenant::{Tenant, healthy},
};

#[test]
fn the_log_is_json_if_that_is_wanted_line_by_line() {
    let mut config = healthy(10);
    config.fleet.failing = Share::percent(100);
    let tenant = Tenant::new(config);
    let finished = tenant
        .sync()
        .args(["--log-format", "json", "--max-retries", "0"])
        .run();
    assert_eq!(finished.code, 3, "{finished:?}");
    let lines: Vec<Value> = finished
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let of = |level: &str| lines.iter().filter(|line| line["level"] == level).count();
    assert!(
        of("info") > 0 && of("error") > 0 && of("warning") > 0,
        "{lines:#?}"
    );
    for line in &lines {
        let time = line["time"].as_str().expect("it has a time");
        assert!(
            time.ends_with('Z') && time.len() == "2026-11-26T04:15:00.000Z".len(),
            "{time}"
        );
        assert!(!line["message"].as_str().expect("a text").is_empty());
    }
    let warned = lines.iter().find(|line| line["hint"].is_string());
    assert!(warned.is_some(), "{lines:#?}");
}

#[test]
fn a_log_file_is_appended_to_and_is_its_owners_alone() {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let file = folder.path().join("sync.log");
    let tenant = Tenant::new(healthy(10));
    let run = || {
        let log = ["--quiet", "--log-file", file.to_str().expect("UTF-8")];
        let finished = tenant.sync().args(log).run();
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(!finished.stderr.contains("Found 10"), "{finished:?}");
        fs::read_to_string(&file).expect("it is there")
    };
    let first = run();
    assert!(
        first.contains("] [INFO] Found 10 managed devices\n"),
        "{first}"
    );
    let both = run();
    assert!(both.starts_with(&first), "{both}");
    assert_eq!(both.matches("Found 10").count(), 2, "{both}");
    assert!(both.lines().all(|line| line.starts_with("[20")), "{both}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&file)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_log_file_that_cannot_be_written_is_found_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let tenant = Tenant::new(healthy(10));
    let log = ["--log-file", folder.path().to_str().expect("UTF-8")];
    let finished = tenant.sync().args(log).run();
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(
        finished.error().0.starts_with("the log file `"),
        "{finished:?}"
    );
    assert_eq!(tenant.statistics().requests.total(), 0);
}

#[test]
fn who_reads_json_gets_an_object_also_where_a_run_does_not_begin() {
    for format in ["json", "jsonl"] {
        for command in ["sync", "plan"] {
            let call = [
                command,
                "--auth",
                "token-file",
                "--token-file",
                "missing",
                "-o",
                format,
            ];
            let finished = Program::new().args(call).run();
            assert_ne!(finished.code, 0, "{finished:?}");
            assert_eq!(finished.stdout.lines().count(), 1, "{finished:?}");
            match format {
                "json" => schema::assert_output(&finished.stdout),
                _ => schema::assert_events(&finished.stdout),
            }
            let object: Value = serde_json::from_str(&finished.stdout).expect("JSON");
            let error = &object["Error"]["Message"];
            assert_eq!(error.as_str(), Some(finished.error().0), "{finished:?}");
        }
    }
}

#[test]
fn the_summary_says_of_which_run_it_is() {
    let tenant = Tenant::new(healthy(10));
    let call = ["--os", "Windows", "--pace", "quota"];
    let finished = tenant.sync().args(call).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let fact = |name: &str| {
        let facts = finished
            .stdout
            .lines()
            .filter_map(|line| line.split_once(" : "));
        let mut facts = facts.filter(|(known, _)| known.trim_end() == name);
        facts
            .next()
            .unwrap_or_else(|| panic!("no {name}: {finished:?}"))
            .1
    };
    let version = concat!(", intune-sync ", env!("CARGO_PKG_VERSION"));
    assert!(fact("Run").ends_with(version), "{finished:?}");
    assert_eq!(fact("Selection"), "--os Windows");
    assert!(fact("Settings").contains("--pace quota"), "{finished:?}");
    assert!(!fact("Settings").contains("--dispatch"), "{finished:?}");
    for name in ["Tenant", "Identity"] {
        assert!(!fact(name).is_empty());
    }
    assert!(fact("Time").contains(" UTC, "), "{finished:?}");
}
