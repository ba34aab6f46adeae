//! `--devices-from` by other columns than Intune's ids, and `--exclude-devices-from`.

use std::{collections::BTreeSet, io::Write};

use intune_sync_simulator::{Config, Share};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::{
    books::{balance, each, number},
    selection::fleet,
    tenant::{Tenant, healthy},
};

fn text<'a>(device: &'a Value, property: &str) -> &'a str {
    device[property].as_str().unwrap_or_default()
}

fn file(content: impl AsRef<[u8]>) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(content.as_ref()).expect("it is written");
    file
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().expect("UTF-8")
}

/// A cell of CSV.
fn cell(device: &Value, property: &str) -> String {
    format!("\"{}\"", text(device, property).replace('"', "\"\""))
}

fn synced(tenant: &Tenant) -> BTreeSet<String> {
    let devices = tenant.simulator.devices(Some("synced"));
    devices.expect("an outcome").into_keys().collect()
}

#[test]
fn each_column_names_its_devices() {
    each(
        [
            ("Azure AD Device ID", "azureADDeviceId"),
            ("Serial number", "serialNumber"),
            ("Device name", "deviceName"),
        ],
        |(column, property)| {
            let (tenant, fleet) = (Tenant::new(healthy(300)), fleet(&healthy(300)));
            let chosen = &fleet[40..70];
            let rows: String = chosen
                .iter()
                .map(|device| format!("x;{}\r\n", cell(device, property)))
                .collect();
            let file = file(format!("Owner;{column}\r\n{rows}"));
            let (finished, account) = tenant.sync().args(["--devices-from", path(&file)]).json();
            assert_eq!(finished.code, 0, "{column}: {finished:?}");
            let ids = chosen.iter().map(|device| text(device, "id").to_owned());
            assert_eq!(synced(&tenant), ids.collect(), "{column}");
            assert_eq!(number(&account, "TotalDevices"), 30, "{column}");
            balance(&tenant, &account);
        },
    );
}

/// As the admin center writes it: UTF-16 from Windows PowerShell, line breaks and separators in names.
#[test]
fn an_export_goes_through_as_it_is() {
    let (tenant, fleet) = (Tenant::new(healthy(50)), fleet(&healthy(50)));
    let mut csv =
        "Device name,Device ID,Enrollment date,Azure AD Device ID,Serial number\r\n".to_owned();
    for (at, device) in fleet[..10].iter().enumerate() {
        csv += &format!(
            "\"Küche\r\n{at}, \"\"links\"\"\",{},2026-01-01,{},{}\r\n",
            text(device, "id"),
            text(device, "azureADDeviceId"),
            text(device, "serialNumber"),
        );
    }
    let utf16 = csv.encode_utf16().flat_map(u16::to_le_bytes);
    let file = file([0xff, 0xfe].into_iter().chain(utf16).collect::<Vec<u8>>());
    let (finished, account) = tenant.sync().args(["--devices-from", path(&file)]).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(number(&account, "SuccessCount"), 10, "{account}");
}

#[test]
fn names_that_fit_no_device_or_several_are_listed_before_anything_is_sent() {
    let twins = |share| {
        let mut config: Config = healthy(40);
        config.fleet.same_name = share;
        config
    };
    let missing = "Device name\nWIN-0\nno such PC\nnor this\n";
    each(["sync", "plan"], |command| {
        let tenant = Tenant::new(twins(Share::NONE));
        let known = cell(&fleet(&twins(Share::NONE))[7], "deviceName");
        let file = file(missing.replace("WIN-0", &known));
        let run = |more: &[&str]| {
            let program = match command {
                "sync" => tenant.sync(),
                _ => tenant.plan(),
            };
            let program = program.args(["--devices-from", path(&file)]);
            program.args(more.iter().copied()).run()
        };
        let finished = run(&[]);
        assert_eq!(finished.code, 2, "{finished:?}");
        for line in [
            "note: `no such PC` is not a device in Intune\n",
            "note: `nor this` is not a device in Intune\n",
            "error: 2 of 3 names in `--devices-from` fit no device: `no such PC`, `nor this`\n\
             hint: correct them, or go on without them with `--allow-missing`\n",
        ] {
            assert!(finished.stderr.contains(line), "{finished:?}");
        }
        assert_eq!(tenant.statistics().syncs_requested, 0, "{finished:?}");
        let finished = run(&["--allow-missing"]);
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(
            finished.stderr.contains("`no such PC` is not a device"),
            "{finished:?}"
        );
        let expected = u64::from(command == "sync");
        assert_eq!(
            tenant.statistics().syncs_requested,
            expected,
            "{finished:?}"
        );
    });
    let tenant = Tenant::new(twins(Share::ALL));
    let fleet = fleet(&twins(Share::ALL));
    let name = text(&fleet[0], "deviceName");
    let file = file(format!("Device name\n\"{}\"\n", name.replace('"', "\"\"")));
    let finished = tenant
        .sync()
        .args(["--devices-from", path(&file), "--allow-missing"])
        .run();
    assert_eq!(finished.code, 2, "{finished:?}");
    let line =
        format!("note: `{name}` is the name or serial number of several devices, among them `");
    assert!(finished.stderr.contains(&line), "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("error: 1 of 1 names in `--devices-from` fit several devices each: `"),
        "{finished:?}"
    );
    assert_eq!(tenant.statistics().syncs_requested, 0, "{finished:?}");
}

#[test]
fn what_is_excluded_is_left_out_by_whatever_names_it() {
    let (tenant, fleet) = (Tenant::new(healthy(60)), fleet(&healthy(60)));
    let by_name = file(format!("Name\n{}\n", cell(&fleet[0], "deviceName")));
    let (finished, _) = tenant
        .sync()
        .args([
            "--exclude-devices-from",
            path(&by_name),
            "--exclude-device",
            text(&fleet[1], "id"),
            "--exclude-name",
            text(&fleet[2], "deviceName"),
        ])
        .json();
    assert_eq!(finished.code, 0, "{finished:?}");
    let left: BTreeSet<String> = fleet[3..]
        .iter()
        .map(|it| text(it, "id").to_owned())
        .collect();
    assert_eq!(synced(&tenant), left);
}

/// What failed last night is left out tonight.
#[test]
fn our_own_outputs_name_devices() {
    let mut config = healthy(80);
    config.fleet.unsupported = Share::percent(20);
    let tenant = Tenant::new(config);
    let state = tempfile::tempdir().expect("a directory");
    let state = state.path().to_str().expect("UTF-8");
    let first = tenant
        .sync()
        .args(["--state-dir", state, "--output", "json"])
        .run();
    assert_eq!(first.code, 3, "{first:?}");
    let failed = number(
        &serde_json::from_str(&first.stdout).expect("JSON"),
        "ErrorCount",
    );
    assert!(failed > 0, "{first:?}");
    let runs = |args: &[&str]| {
        let program = tenant.surround().args(["runs"]).args(args.iter().copied());
        program.args(["--state-dir", state]).run().stdout
    };
    let listed: Value = serde_json::from_str(&runs(&["list", "--output", "json"])).expect("JSON");
    let run = listed[0]["id"].as_str().expect("an id").to_owned();
    for output in [
        first.stdout.clone(),
        runs(&["show", &run, "--only", "failed", "--output", "csv"]),
        runs(&["show", &run, "--only", "failed", "--output", "json"]),
        runs(&["failing", "--last", "1", "--output", "csv"]),
        runs(&["failing", "--last", "1", "--output", "json"]),
    ] {
        let file = file(&output);
        let (finished, account) = tenant
            .sync()
            .args(["--no-history", "--exclude-devices-from", path(&file)])
            .json();
        assert_eq!(finished.code, 0, "{output}: {finished:?}");
        assert_eq!(number(&account, "TotalDevices"), 80 - failed, "{output}");
    }
    for output in ["csv", "json", "jsonl"] {
        let plan = tenant
            .plan()
            .args(["--list", "--limit", "7", "--output", output])
            .run();
        assert_eq!(plan.code, 0, "{plan:?}");
        let file = file(&plan.stdout);
        let (_, plan) = tenant.plan().args(["--devices-from", path(&file)]).json();
        assert_eq!(number(&plan, "Total"), 7, "{output}");
    }
}

#[test]
fn what_is_wrong_with_the_flags_is_said_first() {
    let tenant = Tenant::new(healthy(3));
    let file = file("Owner\nx\n");
    for (args, problem) in [
        (
            vec!["--devices-column", "Asset"],
            "error: `--devices-column` is not allowed without `--devices-from`\n",
        ),
        (
            vec!["--devices-from", path(&file), "--devices-column", "Asset"],
            "has no column `Asset`\n",
        ),
        (
            vec!["--devices-from", path(&file), "--devices-column", "Owner=x"],
            "after `=` it takes `id`, `entra-id`, `serial-number` or `name`",
        ),
        (
            vec!["--devices-from", "-", "--exclude-devices-from", "-"],
            "error: `--devices-from -` and `--exclude-devices-from -` are not allowed together",
        ),
        (
            vec!["--output", "csv"],
            "error: `csv` is not allowed for `--output` here: only a list of devices is a table\n",
        ),
    ] {
        let finished = tenant.sync().args(args.iter().copied()).run();
        assert_eq!(finished.code, 2, "{args:?}: {finished:?}");
        assert!(finished.stderr.contains(problem), "{args:?}: {finished:?}");
    }
    assert_eq!(tenant.statistics().requests.total(), 0);
}

/// Whatever is done with such a run later, its devices are not those that were meant.
#[test]
fn a_run_that_is_refused_for_its_names_cannot_be_resumed() {
    let mut config = healthy(30);
    config.fleet.same_name = Share::ALL;
    let tenant = Tenant::new(config);
    let state = tempfile::tempdir().expect("a directory");
    let state = state.path().to_str().expect("UTF-8");
    let file = file("Name\nDESKTOP\n");
    let sync = |more: &[&str]| {
        let program = tenant
            .sync()
            .args(["--state-dir", state, "--devices-from", path(&file)]);
        program.args(more.iter().copied()).run()
    };
    assert_eq!(sync(&[]).code, 2);
    assert_eq!(sync(&["--resume"]).code, 2);
    let runs = |args: &[&str]| {
        let program = tenant.surround().args(["runs"]).args(args.iter().copied());
        program.args(["--state-dir", state]).run()
    };
    let listed = runs(&["list", "--output", "json"]).stdout;
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    for run in listed.as_array().expect("runs") {
        let id = run["id"].as_str().expect("an id");
        assert_eq!(number(run, "pending"), 0, "{run}");
        let resumed = runs(&["resume", id]);
        assert_ne!(resumed.code, 0, "{resumed:?}");
    }
    assert_eq!(tenant.statistics().syncs_requested, 0);
}

#[test]
fn a_list_of_exclusions_must_leave_somebody_out() {
    let (tenant, fleet) = (Tenant::new(healthy(20)), fleet(&healthy(20)));
    let known = text(&fleet[0], "id");
    let unknown = "00000000-0000-4000-8000-000000000001";
    let excluding = |content: &str, more: &[&str]| {
        let file = file(content);
        let program = tenant.plan().args(["--exclude-devices-from", path(&file)]);
        let finished = program
            .args(more.iter().copied())
            .args(["--output", "json"])
            .run();
        let total = serde_json::from_str(&finished.stdout).ok();
        (
            finished.code,
            total.map(|it: Value| it["Total"].clone()),
            finished.stderr,
        )
    };
    let (code, _, stderr) = excluding(unknown, &[]);
    assert_eq!(code, 2, "{stderr}");
    let error =
        format!("error: 1 of 1 devices to leave out are not in the list of devices: `{unknown}`\n");
    assert!(stderr.contains(&error), "{stderr}");
    let (code, total, _) = excluding(unknown, &["--allow-missing"]);
    assert_eq!((code, total), (0, Some(20.into())));
    let (code, total, stderr) = excluding(&format!("{known}\n{unknown}\n"), &[]);
    assert_eq!((code, total), (0, Some(19.into())), "{stderr}");
    assert!(
        stderr.contains("warning: 1 of 2 devices to leave out"),
        "{stderr}"
    );
    for empty in [
        "",
        "\"Name\",\"Device ID\",\"Reasons\"\r\n",
        r#"{"Failures":[]}"#,
    ] {
        let (code, total, stderr) = excluding(empty, &[]);
        assert_eq!((code, total), (0, Some(20.into())), "{empty}: {stderr}");
    }
    let stderr = tenant.plan().args(["--exclude-name", "nope*"]).run().stderr;
    assert!(
        stderr.contains("[WARNING] `nope*` for `exclude-name` matches no listed device"),
        "{stderr}"
    );
}

#[test]
fn ids_that_are_not_listed_are_told_of_by_a_plan() {
    let tenant = Tenant::new(healthy(5));
    let unknown = "00000000-0000-4000-8000-000000000001";
    let finished = tenant.plan().args(["--device", unknown]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let warning =
        "warning: 1 of 1 ids are not in the list of devices\nhint: they are gone, or Entra ID's";
    assert!(finished.stderr.contains(warning), "{finished:?}");
    let sync = tenant
        .sync()
        .args(["--device", unknown, "--allow-missing", "--fail-if-none"]);
    assert_eq!(sync.run().code, 6);
}

/// It would narrow nothing, and the whole fleet be meant.
#[test]
fn an_empty_list_in_a_config_file_is_refused() {
    let tenant = Tenant::new(healthy(5));
    for key in ["os", "device", "group", "exclude-name"] {
        let config = file(format!("{key} = []\n"));
        let finished = tenant.sync().args(["--config", path(&config)]).run();
        assert_eq!(finished.code, 2, "{key}: {finished:?}");
        let problem = format!(
            "error: `{key}` in `{}`, line 1 is an empty list",
            path(&config)
        );
        assert!(finished.stderr.contains(&problem), "{key}: {finished:?}");
    }
    assert_eq!(tenant.statistics().requests.total(), 0);
}
