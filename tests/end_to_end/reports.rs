//! What is written of a run: `report`, `sync --report`, `--csv` and `--junit`.

use std::{collections::BTreeMap, fs, path::Path};

use intune_sync_simulator::{Config, Share};
use serde_json::Value;
use tempfile::TempDir;

#[cfg(unix)]
use crate::running::Running;
use crate::{
    books::number,
    history::{object, runs, state, within},
    program::{Finished, Program},
    tenant::{Tenant, healthy},
};

/// Some of its devices refuse, some are gone, some cannot sync.
fn mixed(devices: u32) -> Config {
    let mut config = healthy(devices);
    config.fleet.unsupported = Share::percent(10);
    config.fleet.gone = Share::percent(5);
    config.fleet.platforms.linux = 10;
    config
}

fn path(folder: &TempDir, name: &str) -> String {
    let path = folder.path().join(name);
    path.to_str().expect("text").to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("it is there")
}

fn report(tenant: &Tenant, state: &TempDir, args: &[&str]) -> Finished {
    let args = std::iter::once("report").chain(args.iter().copied());
    within(tenant.surround().args(args), state).run()
}

/// The figures of a page, by name.
fn figures(html: &str) -> BTreeMap<String, String> {
    let lists = html.split("<div><dt>").skip(1);
    let pair = |part: &str| {
        let (name, rest) = part.split_once("</dt><dd>")?;
        Some((name.to_owned(), rest.split_once("</dd>")?.0.to_owned()))
    };
    lists.filter_map(pair).collect()
}

fn outcome(html: &str) -> &str {
    let (_, rest) = html.split_once(r#"id="outcome">"#).expect("an outcome");
    rest.split_once('<').expect("an end").0
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = folder.path().read_dir().expect("it is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("it is there")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_run_writes_what_can_be_written_of_it_later() {
    let (state, out) = (state(), state());
    let tenant = Tenant::new(mixed(300));
    let (page, csv, junit) = (
        path(&out, "run.html"),
        path(&out, "run.csv"),
        path(&out, "run.xml"),
    );
    let args = [
        "--report", &page, "--csv", &csv, "--junit", &junit, "--output", "json",
    ];
    let finished = within(tenant.sync().args(args), &state).run();
    assert_eq!(finished.code, 3, "{finished:?}");
    let object = object(&finished);
    assert_eq!(object["Report"], page);
    assert_eq!(names(&out), ["run.csv", "run.html", "run.xml"]);

    // The page, and the same page again: by its id, as the latest, and on stdout.
    let run = object["RunId"].as_str().expect("an id");
    let html = read(&page);
    let again = path(&out, "again.html");
    let written = report(&tenant, &state, &[run, "--out", &again]);
    assert_eq!(
        (written.code, written.stdout.as_str()),
        (0, ""),
        "{written:?}"
    );
    assert!(
        written
            .stderr
            .contains(&format!("the report of run `{run}` is in `{again}`")),
        "{written:?}"
    );
    assert_eq!(read(&again), html);
    assert_eq!(report(&tenant, &state, &["--out", "-"]).stdout, html);
    let figures = figures(&html);
    for (name, key) in [
        ("Devices", "TotalDevices"),
        ("Accepted", "SuccessCount"),
        ("Failed", "ErrorCount"),
        ("Batches", "BatchesProcessed"),
        ("Skipped", "SkippedCount"),
        ("Gone", "GoneCount"),
        ("HTTP requests", "HttpRequests"),
    ] {
        assert_eq!(
            figures.get(name).expect(name),
            &number(&object, key).to_string(),
            "{name}"
        );
    }
    for key in ["RunId", "EvidenceSha256"] {
        assert!(html.contains(object[key].as_str().expect("text")), "{key}");
    }
    for failure in object["Failures"].as_array().expect("a list") {
        for key in ["Id", "RequestId", "ClientRequestId"] {
            assert!(
                html.contains(failure[key].as_str().expect("text")),
                "{key} {failure}"
            );
        }
    }

    // The rows are those of `runs show`, if not in its order.
    let shown = runs(&tenant, &state, &["show", run, "--output", "csv"]);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[1..].sort();
        lines
    };
    assert_eq!(sorted(&read(&csv)), sorted(&shown.stdout));
    assert_eq!(
        read(&csv).lines().count() as u64,
        1 + number(&object, "TotalDevices")
    );

    test_cases(&read(&junit), &object);
}

/// The elements of a JUnit file that begin with this name.
fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let before = format!("<{name} ");
    let parts = xml.split(before.as_str()).skip(1);
    parts
        .map(|part| part.split_once('>').expect("an end").0)
        .collect()
}

/// The cases of a run that has ended with these counts.
fn test_cases(xml: &str, object: &Value) {
    let count = |key| number(object, key);
    let cases = elements(xml, "testcase");
    assert_eq!(cases.len() as u64, count("TotalDevices"));
    let failures = elements(xml, "failure");
    assert_eq!(failures.len() as u64, count("ErrorCount"));
    let skipped = elements(xml, "skipped");
    assert_eq!(
        skipped.len() as u64,
        count("SkippedCount") + count("GoneCount")
    );
    assert_eq!(elements(xml, "error"), [""; 0]);
    let [suite] = elements(xml, "testsuite")[..] else {
        panic!("one suite");
    };
    for (name, expected) in [
        ("tests", cases.len()),
        ("failures", failures.len()),
        ("skipped", skipped.len()),
        ("errors", 0),
    ] {
        assert!(
            suite.contains(&format!(r#" {name}="{expected}""#)),
            "{suite}"
        );
    }
    for failure in object["Failures"].as_array().expect("a list") {
        let name = format!(" ({})\"", failure["Id"].as_str().expect("text"));
        assert!(xml.contains(&name), "{name}");
        let request = format!(
            "request-id: {}",
            failure["RequestId"].as_str().expect("text")
        );
        assert!(xml.contains(&request), "{request}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_found_before_anything_is_sent() {
    let (state, out) = (state(), state());
    let tenant = Tenant::new(healthy(10));
    let missing = path(&out, "none/run.html");
    for flag in ["--report", "--csv", "--junit"] {
        let finished = within(tenant.sync().args([flag, &missing]), &state).run();
        assert_eq!(finished.code, 2, "{finished:?}");
        let (error, hint) = finished.error();
        assert!(
            error.contains(&missing) && error.contains("there is no directory"),
            "{error}"
        );
        assert!(hint.contains(flag), "{hint}");
    }
    let folder = out.path().to_str().expect("text");
    let finished = within(tenant.sync().args(["--report", folder]), &state).run();
    assert_eq!(finished.code, 2, "{finished:?}");
    assert_eq!(tenant.statistics().requests.list, 0);
    assert_eq!(names(&out), [""; 0]);
}

#[test]
fn flags_that_cannot_be_meant_are_refused() {
    let state = state();
    let tenant = Tenant::new(healthy(10));
    for (args, expected) in [
        (
            vec!["--report", "-"],
            "`--report -` is not allowed: stdout has the summary",
        ),
        (
            vec!["--report", "x", "--csv", "x"],
            "`--report` and `--csv` name the same file",
        ),
        (
            vec!["--junit", "x", "--no-history"],
            "`--junit` and `--no-history` are not allowed together",
        ),
        (
            vec!["--csv", "x", "--dry-run"],
            "`--dry-run` is not allowed with `--report`, `--csv` or `--junit`: it syncs nothing",
        ),
    ] {
        let finished = within(tenant.sync().args(args), &state).run();
        assert_eq!(finished.code, 2, "{finished:?}");
        assert_eq!(finished.error().0, expected);
    }
    let without = report(&tenant, &state, &[]);
    assert_eq!(without.code, 2, "{without:?}");
    assert!(
        without.error().0.starts_with("there is no history at"),
        "{without:?}"
    );
    within(tenant.sync(), &state).run();
    let unknown = report(&tenant, &state, &["20200101-000000-0000"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert_eq!(unknown.error().1, "`intune-sync runs list` lists them");
}

/// The directory goes away while the run is under way.
#[cfg(unix)]
#[test]
fn a_file_that_can_no_longer_be_written_is_a_warning() {
    let (state, out) = (state(), state());
    let folder = out.path().join("gone");
    fs::create_dir(&folder).expect("it is ours");
    let page = folder.join("run.html");
    let tenant = Tenant::new(healthy(100));
    let args = [
        "-v",
        "--batch-size",
        "50",
        "--batch-delay-seconds",
        "1h",
        "--report",
        page.to_str().expect("text"),
    ];
    let mut running = Running::start(within(tenant.sync().args(args), &state));
    running.logs("Finished batch 1 of 2");
    fs::remove_dir(&folder).expect("it is empty");
    running.signal("INT");
    let finished = running.finish();
    assert_eq!(finished.code, 130, "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("warning: cannot write the report to"),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("hint: `intune-sync report "),
        "{finished:?}"
    );
}

/// Both parts write the file; the second one says what both have done.
#[cfg(unix)]
#[test]
fn a_run_that_was_stopped_has_a_report_and_its_next_part_has_that_of_both() {
    let (state, out) = (state(), state());
    let tenant = Tenant::new(mixed(200));
    let (page, junit) = (path(&out, "run.html"), path(&out, "run.xml"));
    let args = [
        "-v",
        "--batch-size",
        "20",
        "--batch-delay-seconds",
        "1h",
        "--report",
        &page,
        "--junit",
        &junit,
    ];
    let mut running = Running::start(within(tenant.sync().args(args), &state));
    running.logs("Finished batch 1 of ");
    running.signal("INT");
    let first = running.finish();
    assert_eq!(first.code, 130, "{first:?}");
    let html = read(&page);
    assert!(
        outcome(&html).starts_with("The run was stopped early; "),
        "{}",
        outcome(&html)
    );
    let xml = read(&junit);
    assert!(
        xml.contains(r#"name="the run""#) && xml.contains(r#"type="not-reached""#),
        "{xml}"
    );

    let args = [
        "--resume",
        "--batch-delay-seconds",
        "0",
        "--report",
        &page,
        "--junit",
        &junit,
        "--output",
        "json",
    ];
    let second = within(tenant.sync().args(args), &state).run();
    assert_eq!(second.code, 3, "{second:?}");
    let object = object(&second);
    let html = read(&page);
    let figures = figures(&html);
    assert_eq!(
        figures["Devices"],
        number(&object, "TotalDevices").to_string()
    );
    assert_eq!(
        figures["Accepted"],
        number(&object, "SuccessCount").to_string()
    );
    assert!(html.contains(object["Resumed"].as_str().expect("an id")));
    test_cases(&read(&junit), &object);
}

#[test]
fn a_run_that_failed_says_why() {
    let (state, out) = (state(), state());
    let mut config = healthy(20);
    config.tokens.roles = vec!["DeviceManagementManagedDevices.Read.All".to_owned()];
    let tenant = Tenant::new(config);
    let (page, junit) = (path(&out, "run.html"), path(&out, "run.xml"));
    let args = ["--report", &page, "--junit", &junit];
    let finished = within(tenant.sync().args(args), &state).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let html = read(&page);
    let sentence = outcome(&html);
    assert!(
        sentence.starts_with("The run was not authorized: "),
        "{sentence}"
    );
    assert!(html.contains(r#"<p class="hint">Hint: "#));
    assert!(read(&junit).contains(r#"<error type="not-authorized""#));
}

#[test]
fn waits_are_in_the_page() {
    let (state, out) = (state(), state());
    let mut config = healthy(60);
    config.quota = Config::default().quota;
    // A batch of 20 is over it, however slow this machine is.
    config.quota.limit = 10.try_into().expect("not 0");
    config.quota.window_ms = 500.try_into().expect("not 0");
    let tenant = Tenant::new(config);
    let page = path(&out, "run.html");
    let finished = within(
        tenant.sync().args(["--report", &page, "--output", "json"]),
        &state,
    )
    .run();
    let object = object(&finished);
    assert!(number(&object, "ThrottledCount") > 0, "{finished:?}");
    let html = read(&page);
    assert!(html.contains("everything waited "), "no wait");
    assert!(html.contains("<caption>Waits</caption>"));
}

#[test]
fn who_has_checked_in_is_in_the_report_of_a_run_that_waits_for_it() {
    let (state, out) = (state(), state());
    let mut config = healthy(40);
    config.fleet.offline = Share::percent(33);
    config.fleet.check_in_seconds = 1;
    let tenant = Tenant::new(config);
    let page = path(&out, "run.html");
    let args = [
        "--confirm-after",
        "3s",
        "--report",
        &page,
        "--output",
        "json",
    ];
    let finished = within(tenant.sync().args(args), &state).run();
    let object = object(&finished);
    let confirmed = &object["Confirmed"];
    let sentence = format!(
        ", {} of 40 devices had checked in since their sync was accepted.",
        confirmed["CheckedIn"]
    );
    assert!(read(&page).contains(&sentence), "{sentence}");
    let unconfirmed = number(confirmed, "Unconfirmed");
    assert!((1..40).contains(&unconfirmed), "{confirmed}");
}

/// Two commands from nothing to a report: the program, and this one.
#[test]
fn a_demo_has_a_report_and_leaves_no_history() {
    let out = state();
    let page = path(&out, "demo.html");
    let program = Program::new().args(["demo", "--devices", "50", "--report", &page]);
    let finished = program
        .env("TMPDIR", out.path().to_str().expect("text"))
        .run();
    assert!([0, 3].contains(&finished.code), "{finished:?}");
    assert_eq!(figures(&read(&page))["Devices"], "50");
    assert_eq!(names(&out), ["demo.html"]);
}
