//! What is on stdout and on stderr, in each format.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

use insta::{assert_snapshot, with_settings};
use intune_sync_simulator::{Config, ErrorStyle, QuotaKind, RetryAfterForm, Share};
use serde_json::Value;

use crate::{
    books::{balance, list, number},
    program::{Finished, Program},
    schema,
    tenant::{Tenant, healthy},
};

/// Thirty devices of all kinds, each of which gives the same response however often it is requested.
fn small() -> Config {
    let mut config = healthy(30);
    config.seed = 7;
    config.fleet.platforms.linux = 10;
    config.fleet.gone = Share::percent(20);
    config.fleet.unsupported = Share::percent(5);
    config.fleet.failing = Share::percent(10);
    config
}

fn sync_small(tenant: &Tenant) -> Program {
    tenant.sync().args([
        "--batch-size",
        "10",
        "--max-retries",
        "0",
        "--order",
        "listed",
    ])
}

/// Both streams, without what differs from one run to the next.
fn transcript(finished: &Finished) -> String {
    format!(
        "exit code {}\n--- stdout\n{}--- stderr\n{}",
        finished.code, finished.stdout, finished.stderr
    )
}

macro_rules! assert_transcript {
    ($finished:expr) => {
        with_settings!({filters => vec![
            (r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]", "[time]"),
            (r"DurationMinutes  : [0-9.]+", "DurationMinutes  : [minutes]"),
            (r"Run       : \d{8}-\d{6}-[0-9a-f]{4}", "Run       : [run]"),
            (r"Time      : .*", "Time      : [time]"),
            (r"127\.0\.0\.1:\d+", "[address]"),
            (r"request-id [0-9a-f-]{36}", "request-id [guid]"),
        ]}, { assert_snapshot!(transcript(&$finished)) })
    };
}

#[test]
fn text_of_a_run_with_failures() {
    let tenant = Tenant::new(small());
    let finished = sync_small(&tenant).run();
    assert_eq!(finished.code, 3, "{finished:?}");
    assert_transcript!(finished);
}

/// Where Intune refuses for good, another run would not help.
#[test]
fn the_hint_after_failures_is_one_that_helps() {
    let again = "hint: run the command again";
    for (percent_unsupported, percent_failing, helps) in [(100, 0, false), (0, 100, true)] {
        let mut config = healthy(5);
        config.fleet.unsupported = Share::percent(percent_unsupported);
        config.fleet.failing = Share::percent(percent_failing);
        let finished = sync_small(&Tenant::new(config)).run();
        assert_eq!(finished.code, 3, "{finished:?}");
        assert_eq!(finished.stderr.contains(again), helps, "{finished:?}");
    }
}

/// Without standard output the result would be lost: nothing is begun.
#[cfg(unix)]
#[test]
fn a_closed_standard_output_is_wrong_usage() {
    let tenant = Tenant::new(healthy(5));
    let closed = ["sh", "-c", r#"exec "$0" "$@" >&-"#];
    let finished = sync_small(&tenant).under(&closed).run();
    assert_eq!(finished.code, 2, "{finished:?}");
    let (error, hint) = finished.error();
    assert!(error.starts_with("standard output is closed"), "{error}");
    assert!(hint.contains("/dev/null"), "{hint}");
    assert_eq!(tenant.statistics().requests.total(), 0);

    let dropped = ["sh", "-c", r#"exec "$0" "$@" >/dev/null"#];
    let finished = sync_small(&tenant).under(&dropped).run();
    assert_eq!(finished.code, 0, "{finished:?}");
}

/// A home folder that is missing may be missing on purpose.
#[test]
fn a_missing_home_folder_is_not_created() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("missing");
    let tenant = Tenant::new(healthy(5));
    let program = sync_small(&tenant)
        .env("HOME", &home.display().to_string())
        .env("XDG_CACHE_HOME", "");
    let finished = program.run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(!home.exists());
}

#[test]
fn text_of_a_run_without_a_role() {
    let mut config = small();
    config.tokens.roles = vec!["DeviceManagementManagedDevices.Read.All".into()];
    let tenant = Tenant::new(config);
    let finished = sync_small(&tenant).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    assert_transcript!(finished);
}

#[test]
fn text_of_a_run_whose_list_fails() {
    let mut config = small();
    config.list.broken_page = Some(1);
    let tenant = Tenant::new(config);
    let finished = sync_small(&tenant).run();
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_transcript!(finished);
}

#[test]
fn text_of_a_run_that_matches_nothing() {
    let tenant = Tenant::new(small());
    let finished = sync_small(&tenant).args(["--name", "no such *"]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().syncs_requested, 0);
    assert_transcript!(finished);
}

/// What parsed the runbook's output finds its five keys where they were.
#[test]
fn json_begins_with_the_runbook_s_keys_and_keeps_to_its_schema() {
    const KEYS: [&str; 5] = [
        "TotalDevices",
        "SuccessCount",
        "ErrorCount",
        "DurationMinutes",
        "BatchesProcessed",
    ];
    let mut without_role = small();
    without_role.tokens.roles.clear();
    let mut without_list = small();
    without_list.list.broken_page = Some(1);
    for (config, code, outcome) in [
        (healthy(30), 0, "completed"),
        (small(), 3, "completed-with-errors"),
        (without_role, 4, "not-authorized"),
        (without_list, 1, "failed"),
    ] {
        let tenant = Tenant::new(config);
        let (finished, object) = sync_small(&tenant).json();
        assert_eq!(finished.code, code, "{finished:?}");
        assert_eq!(object["Outcome"], outcome);
        balance(&tenant, &object);
        schema::assert_output(&finished.stdout);
        let keys: Vec<&str> = finished
            .stdout
            .split('"')
            .skip(1)
            .step_by(2)
            .take(5)
            .collect();
        assert_eq!(keys, KEYS, "{}", finished.stdout);
        assert!(object["DurationMinutes"].is_f64(), "{object}");
        assert_eq!(
            object.get("Error").is_some(),
            ["not-authorized", "failed"].contains(&outcome)
        );
    }
}

#[test]
fn json_names_each_failure() {
    let tenant = Tenant::new(small());
    let (_, object) = sync_small(&tenant).json();
    let failing: BTreeSet<String> = ["failing", "unsupported"]
        .into_iter()
        .flat_map(|outcome| tenant.simulator.devices(Some(outcome)).expect("an outcome"))
        .map(|(id, _)| id)
        .collect();
    assert!(!list(&object, "Failures").is_empty());
    for failure in list(&object, "Failures") {
        assert!(
            failing.contains(failure["Id"].as_str().expect("an id")),
            "{failure}"
        );
        let status = number(failure, "Status");
        assert!(status == 400 || status == 500, "{failure}");
        for key in ["Name", "Code", "Message", "RequestId", "ClientRequestId"] {
            assert_ne!(failure[key], "", "{key}: {failure}");
        }
        assert_eq!(number(failure, "Attempts"), 1);
    }
}

/// Throttling, retries, a renewed token and failures: each line keeps to the schema, the summary is the last, and each
/// device is reported once.
#[test]
fn jsonl_tells_each_event_in_a_line() {
    let mut config = small();
    config.fleet.devices = 100;
    config.quota.kind = QuotaKind::Sliding;
    config.quota.limit = config.quota.limit.min(50.try_into().expect("not 0"));
    config.quota.window_ms = 2_000.try_into().expect("not 0");
    config.retry_after.form = RetryAfterForm::Decimal;
    config.retry_after.min_ms = 1;
    config.faults.item = Share::percent(10);
    config.tokens.revoke_after_writes = vec![40];
    config.error_style = ErrorStyle::Mixed;
    let tenant = Tenant::new(config);
    let (finished, lines) = tenant.sync().args(["--max-retries", "3"]).jsonl();
    assert_eq!(finished.code, 3, "{finished:?}");
    schema::assert_events(&finished.stdout);

    let (summary, events) = lines.split_last().expect("lines");
    assert_eq!(summary["event"], "summary");
    let count = |kind: &str| events.iter().filter(|line| line["event"] == kind).count() as u64;
    let kinds = [
        "listed",
        "planned",
        "batch-started",
        "batch-finished",
        "device-done",
        "throttled",
        "retrying",
        "token-renewed",
    ];
    for kind in kinds {
        assert!(count(kind) > 0, "no `{kind}`: {}", finished.stdout);
    }
    assert_eq!(count("summary"), 0);
    assert_eq!(count("device-done"), number(summary, "TotalDevices"));
    assert_eq!(count("batch-finished"), number(summary, "BatchesProcessed"));
    balance(&tenant, summary);
}

#[test]
fn jsonl_of_a_plan_keeps_to_the_schema() {
    let tenant = Tenant::new(small());
    let (finished, lines) = tenant.plan().jsonl();
    assert_eq!(finished.code, 0, "{finished:?}");
    schema::assert_events(&finished.stdout);
    assert_eq!(lines.last().expect("lines")["event"], "summary");
    assert!(lines.iter().any(|line| line["event"] == "planned"));
}

/// The log says the same in each format, on stderr; stdout has the data and nothing else.
#[test]
fn stdout_has_the_data_and_stderr_the_rest() {
    for format in ["text", "json", "jsonl"] {
        let tenant = Tenant::new(small());
        let finished = sync_small(&tenant).args(["--output", format]).run();
        assert!(
            finished.stderr.contains("[INFO] Processing batch 1 of "),
            "{finished:?}"
        );
        assert!(!finished.stderr.contains("TotalDevices"), "{finished:?}");
        assert!(!finished.stdout.contains("[INFO]"), "{finished:?}");
        match format {
            "text" => assert!(finished.stdout.starts_with("TotalDevices"), "{finished:?}"),
            _ => assert!(
                finished
                    .stdout
                    .lines()
                    .all(|line| serde_json::from_str::<Value>(line).is_ok())
            ),
        }
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let tenant = Tenant::new(small());
    let escapes = |program: Program| {
        let finished = program.run();
        assert_eq!(finished.code, 3, "{finished:?}");
        assert!(!finished.stdout.contains('\x1b'), "{finished:?}");
        finished.stderr.contains('\x1b')
    };
    assert!(!escapes(sync_small(&tenant)), "there is no terminal");
    assert!(!escapes(sync_small(&tenant).args(["--color", "never"])));
    assert!(!escapes(sync_small(&tenant).env("NO_COLOR", "1")));
    assert!(escapes(sync_small(&tenant).args(["--color", "always"])));
    assert!(
        escapes(
            sync_small(&tenant)
                .env("NO_COLOR", "1")
                .args(["--color", "always"])
        ),
        "the flag wins"
    );
}

#[test]
fn quiet_leaves_warnings_and_errors() {
    let tenant = Tenant::new(healthy(30));
    let finished = tenant.surround().args(["sync", "--yes", "-q"]).run();
    assert_eq!((finished.code, &*finished.stderr), (0, ""));
    assert!(finished.stdout.starts_with("TotalDevices"), "{finished:?}");

    let tenant = Tenant::new(small());
    let finished = tenant
        .surround()
        .args(["sync", "--yes", "-q", "--max-retries", "0"])
        .run();
    assert_eq!(finished.code, 3);
    assert!(finished.stderr.contains("[ERROR] Sync of "), "{finished:?}");
    for line in finished.stderr.lines() {
        let matters = ["[WARNING]", "[ERROR]", "warning: ", "error: ", "hint: "];
        assert!(matters.iter().any(|word| line.contains(word)), "{line}");
    }
}

#[test]
fn verbose_names_each_device() {
    let tenant = Tenant::new(small());
    let finished = sync_small(&tenant).args(["-v"]).run();
    let of = |what: &str| {
        let lines = finished.stderr.lines();
        lines.filter(|line| line.contains(what)).count() as u64
    };
    for id in tenant.simulator.devices(None).expect("all").keys() {
        assert_eq!(of(&format!("({id})")), 1, "{id}: {finished:?}");
    }
    assert_eq!(of(" accepted"), tenant.statistics().syncs_accepted);
    assert_eq!(of("tokens come from: managed identity (App Service)"), 1);
    let without = sync_small(&Tenant::new(small())).run();
    assert!(!without.stderr.contains(" accepted"), "{without:?}");
}

/// `intune-sync sync --output jsonl | head -1`: no complaint, and the work is not carried on unseen.
#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut config = healthy(2_000);
    config.latency.min_ms = 20;
    config.latency.max_ms = 20;
    let tenant = Tenant::new(config);
    let mut child = tenant
        .sync()
        .args(["--output", "jsonl", "--batch-size", "20"])
        .into_command()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = String::new();
    let mut reader = BufReader::with_capacity(1, child.stdout.take().expect("it is piped"));
    reader.read_line(&mut first).expect("a line");
    drop(reader);
    schema::assert_events(&first);

    let mut stderr = String::new();
    let mut pipe = child.stderr.take().expect("it is piped");
    pipe.read_to_string(&mut stderr).expect("UTF-8");
    let code = child.wait().expect("it ends").code();
    assert_eq!(code, Some(5), "{stderr}");
    for word in ["panicked", "roken pipe", "error:", "cannot write"] {
        assert!(!stderr.contains(word), "{stderr}");
    }
    let accepted = tenant.statistics().syncs_accepted;
    assert!(accepted < 2_000, "{accepted}");
}

#[test]
fn a_page_whose_reader_went_away_is_no_error() {
    let mut child = Program::new()
        .args(["sync", "--help"])
        .into_command()
        .stdout({
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            writer
        })
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stderr = String::new();
    let mut pipe = child.stderr.take().expect("it is piped");
    pipe.read_to_string(&mut stderr).expect("UTF-8");
    let code = child.wait().expect("it ends").code();
    assert_eq!((code, &*stderr), (Some(0), ""));
}

/// Neither the token nor its surrogate appears, whatever happens.
#[test]
fn no_token_is_ever_shown() {
    let mut revoked = small();
    revoked.tokens.revoke_after_writes = vec![0, 12];
    let mut refused = small();
    refused.tokens.refuse_after_writes = Some(5);
    let mut without_role = small();
    without_role.tokens.roles.clear();
    let mut throttled = small();
    throttled.faults.item = Share::percent(30);
    throttled.faults.html = Share::percent(30);
    throttled.faults.drop_before = Share::percent(20);
    for config in [small(), revoked, refused, without_role, throttled] {
        for format in ["text", "json", "jsonl"] {
            let tenant = Tenant::new(config.clone());
            let finished = tenant
                .sync()
                .args(["-v", "--batch-size", "10", "--output", format])
                .run();
            assert!(tenant.statistics().tokens_issued > 0);
            assert!(!finished.stderr.is_empty());
            for secret in ["eyJ", "surrogate-", "Bearer"] {
                let shown = finished.stdout.contains(secret) || finished.stderr.contains(secret);
                assert!(!shown, "{secret}: {finished:?}");
            }
        }
    }
}
