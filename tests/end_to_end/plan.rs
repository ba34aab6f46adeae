//! `plan` and `--dry-run`: all that `sync` does up to the first write, and where its settings come from.

use std::fs;

use intune_sync_simulator::{Config, Share};
use serde_json::Value;

use crate::{
    books::number,
    program::Program,
    schema,
    tenant::{Tenant, healthy},
};

#[test]
fn a_plan_reads_the_list_and_writes_nothing() {
    for (command, flag) in [("plan", "--yes"), ("sync", "--dry-run")] {
        let tenant = Tenant::new(mixed(250));
        let (finished, plan) = tenant.surround().args([command, flag]).json();
        assert_eq!(finished.code, 0, "{finished:?}");
        let statistics = tenant.statistics();
        assert_eq!(statistics.requests.list, 3, "{statistics:?}");
        assert_eq!(
            statistics.requests.total(),
            4,
            "the list and a token: {statistics:?}"
        );
        assert_eq!(
            (statistics.syncs_requested, statistics.forbidden_writes),
            (0, 0)
        );
        assert_eq!(number(&plan, "HttpRequests"), 3);
        assert_eq!(number(&plan, "Listed"), 250);
    }
}

#[test]
fn a_list_shows_which_devices_and_why_one_is_skipped() {
    let config = mixed(120);
    let devices = crate::selection::fleet(&config);
    let tenant = Tenant::new(config);
    let list = |output: &str| {
        let finished = tenant.plan().args(["--list", "--output", output]).run();
        assert_eq!(finished.code, 0, "{finished:?}");
        finished.stdout
    };
    let plan: Value = serde_json::from_str(&list("json")).expect("JSON");
    schema::assert_output(&plan.to_string());
    let listed = plan["Devices"].as_array().expect("devices");
    assert_eq!(listed.len() as u64, number(&plan, "Total"));
    let mut last = "";
    for (at, it) in listed.iter().enumerate() {
        let known = devices.iter().find(|known| known["id"] == it["Id"]);
        let known = known.expect("a device of the tenant");
        let is_skipped = !it["Skipped"].is_null();
        assert_eq!(is_skipped, at as u64 >= number(&plan, "ToSync"), "{it}");
        for (ours, graphs) in [
            ("Name", "deviceName"),
            ("SerialNumber", "serialNumber"),
            ("UserPrincipalName", "userPrincipalName"),
            ("OperatingSystem", "operatingSystem"),
        ] {
            assert_eq!(it[ours], known[graphs], "{it}");
        }
        let check_in = it["LastSyncDateTime"].as_str().unwrap_or_default();
        assert!(
            is_skipped || last <= check_in,
            "the stalest come first: {it}"
        );
        last = check_in;
    }
    let rows = list("csv");
    assert!(
        rows.starts_with("\"Name\",\"Serial number\",\"User\",\"OS\",\"Last check-in\",\"Skipped\",\"Device ID\"\r\n"),
        "{rows}"
    );
    assert_eq!(rows.lines().count(), listed.len() + 1, "{rows}");
    let lines = list("jsonl");
    let lines = lines
        .lines()
        .filter(|line| line.contains(r#""event":"device""#));
    assert_eq!(lines.count(), listed.len());
    let text = list("text");
    assert!(
        text.contains("\nName  ") && text.contains("platform Linux"),
        "{text}"
    );
    for it in listed {
        assert!(text.contains(it["Id"].as_str().expect("an id")), "{it}");
    }
    assert_eq!(tenant.statistics().syncs_requested, 0);
}

#[test]
fn the_plan_is_what_sync_then_does() {
    let tenant = Tenant::new(mixed(230));
    let (_, plan) = tenant.plan().args(["--batch-size", "30"]).json();
    schema::assert_output(&plan.to_string());
    let skipped: u64 = plan["Skipped"]
        .as_array()
        .expect("counts")
        .iter()
        .map(|count| number(count, "Devices"))
        .sum();
    assert!(skipped > 0, "{plan}");
    assert_eq!(number(&plan, "Total"), number(&plan, "ToSync") + skipped);

    let (_, done) = tenant.sync().args(["--batch-size", "30"]).json();
    assert_eq!(number(&done, "TotalDevices"), number(&plan, "Total"));
    assert_eq!(number(&done, "SuccessCount"), number(&plan, "ToSync"));
    assert_eq!(number(&done, "SkippedCount"), skipped);
    assert_eq!(number(&done, "BatchesProcessed"), number(&plan, "Batches"));
    let requests = tenant.statistics().requests;
    assert_eq!(requests.batch, number(&plan, "Requests"));
}

#[test]
fn the_expected_time_is_that_of_the_ceiling_and_the_pauses() {
    let tenant = Tenant::new(healthy(100));
    let (_, plan) = tenant
        .surround()
        .args([
            "plan",
            "--batch-size",
            "50",
            "--batch-delay-seconds",
            "10",
            "--max-rate",
            "10",
        ])
        .json();
    // The second batch's first two requests of 20 have used up their time when its third leaves.
    let expected = plan["ExpectedSeconds"].as_f64().expect("a number");
    assert!((10.0..=20.0).contains(&expected), "{plan}");
}

#[test]
fn what_is_printed_for_people() {
    let tenant = Tenant::new(mixed(50));
    let finished = tenant.surround().args(["plan", "--batch-size", "20"]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    insta::with_settings!({filters => vec![
        (r"Run       : \d{8}-\d{6}-[0-9a-f]{4}", "Run       : [run]"),
        (r"Time      : .*", "Time      : [time]"),
    ]}, { insta::assert_snapshot!(finished.stdout) });
}

#[test]
fn a_failed_list_gives_no_plan() {
    let mut config = healthy(300);
    config.list.broken_page = Some(2);
    let tenant = Tenant::new(config);
    let (finished, plan) = tenant.plan().args(["--max-retries", "1"]).json();
    assert_eq!(finished.code, 1, "{finished:?}");
    schema::assert_output(&finished.stdout);
    assert_eq!(plan.get("Total"), None);
    assert_eq!(plan["Outcome"], "failed");
}

/// A hundred devices; the number of batches shows which batch size applies.
#[test]
fn a_flag_wins_over_a_variable_over_the_file_over_the_default() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let file_25 = file("25.toml", "batch-size = 25\n");
    let file_10 = file("10.toml", "batch-size = 10\n");
    let tenant = Tenant::new(healthy(100));
    let plan = || tenant.surround().args(["plan"]);
    let variable = |program: Program, value: &str| program.env("INTUNE_SYNC_BATCH_SIZE", value);
    for (source, program, batches) in [
        ("default", plan(), 2),
        ("file", plan().args(["--config", &file_25]), 4),
        (
            "file by variable",
            plan().env("INTUNE_SYNC_CONFIG", &file_10),
            10,
        ),
        (
            "file by flag",
            plan()
                .env("INTUNE_SYNC_CONFIG", &file_10)
                .args(["--config", &file_25]),
            4,
        ),
        ("variable", variable(plan(), "20"), 5),
        (
            "variable over file",
            variable(plan().args(["--config", &file_25]), "20"),
            5,
        ),
        (
            "an empty variable does not count",
            variable(plan().args(["--config", &file_25]), ""),
            4,
        ),
        ("flag", plan().args(["--batch-size", "5"]), 20),
        (
            "flag over file",
            plan().args(["--config", &file_25, "--batch-size", "5"]),
            20,
        ),
        (
            "flag over variable over file",
            variable(
                plan().args(["--config", &file_25, "--batch-size", "5"]),
                "20",
            ),
            20,
        ),
        (
            "flag with the default's value",
            variable(
                plan().args(["--config", &file_25, "--batch-size", "50"]),
                "20",
            ),
            2,
        ),
    ] {
        let (finished, plan) = program.json();
        assert_eq!(finished.code, 0, "{source}: {finished:?}");
        assert_eq!(number(&plan, "Batches"), batches, "{source}");
    }
}

#[test]
fn a_file_sets_what_flags_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = Tenant::new(healthy(100));
    let path = folder.path().join("job.toml");
    let content = format!(
        "graph-url = \"{}\"\nos = [\"macOS\", \"iOS\"]\ndry-run = true\noutput = \"json\"\nlimit = 7\n",
        tenant.root()
    );
    fs::write(&path, content).expect("written");
    let finished = tenant
        .surround()
        .env("INTUNE_SYNC_GRAPH_URL", "")
        .args(["sync", "--config", path.to_str().expect("UTF-8")])
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    schema::assert_output(&finished.stdout);
    let plan: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    assert_eq!(number(&plan, "Total"), 7);
    for platform in plan["Platforms"].as_array().expect("counts") {
        let os = platform["Platform"].as_str().expect("a name");
        assert!(os == "macOS" || os == "iOS", "{plan}");
    }
    assert_eq!(tenant.statistics().syncs_requested, 0);
}

/// Of each platform some, and some that cannot sync.
fn mixed(devices: u32) -> Config {
    let mut config = healthy(devices);
    config.fleet.platforms.linux = 10;
    config.fleet.platforms.chrome_os = 5;
    config.fleet.unsyncable_agents = Share::percent(5);
    config
}
