//! Which devices a run takes: the same ones whether Graph filters or silently ignores the filter.

use std::{collections::BTreeSet, io::Write, num::NonZeroU32};

use intune_sync_simulator::{Config, Share, Simulator};
use serde_json::Value;

use crate::{
    books::{balance, balance_to_the_device, each, list, number},
    tenant::{Tenant, healthy},
};

const HOUR: i64 = 3_600;

fn mixed() -> Config {
    let mut config = healthy(400);
    // A twin has the same times.
    config.started_at = u64::try_from(jiff::Timestamp::now().as_millisecond()).ok();
    config.fleet.categories = vec!["Sales".into(), "Head office".into(), "Lager".into()];
    config.fleet.never_synced = Share::percent(5);
    config
}

/// What a criterion takes.
type Takes = fn(&Value) -> bool;

#[test]
fn each_criterion_takes_its_devices_whether_graph_filters_or_not() {
    let criteria: [(&[&str], Takes); 25] = [
        (&["--os", "Windows"], |it| {
            is(it, "operatingSystem", "Windows")
        }),
        (&["--os", "iOS,macos"], |it| {
            is(it, "operatingSystem", "iOS") || is(it, "operatingSystem", "macOS")
        }),
        (&["--os", "ip"], |it| is(it, "operatingSystem", "iPadOS")),
        (&["--compliance", "noncompliant"], |it| {
            is(it, "complianceState", "noncompliant")
        }),
        (
            &[
                "--compliance",
                "NonCompliant",
                "--compliance",
                "inGracePeriod",
            ],
            |it| !is(it, "complianceState", "compliant"),
        ),
        (&["--owner", "personal"], |it| {
            is(it, "managedDeviceOwnerType", "personal")
        }),
        (&["--agent", "easMdm"], |it| {
            is(it, "managementAgent", "easMdm")
        }),
        (&["--category", "Head office"], |it| {
            is(it, "deviceCategoryDisplayName", "Head office")
        }),
        (&["--category", "sales", "--category", "LAGER"], |it| {
            !is(it, "deviceCategoryDisplayName", "Head office")
        }),
        (&["--name", "*7"], |it| {
            text(it, "deviceName").ends_with('7')
        }),
        (&["--name", "win-00???1", "--name", "mac*"], |it| {
            let name = text(it, "deviceName").to_lowercase();
            name.starts_with("mac")
                || name.len() == 10 && name.starts_with("win-00") && name.ends_with('1')
        }),
        (&["--stale-for", "7d"], |it| age(it) >= 7 * 24 * HOUR),
        (&["--stale-for", "24h", "--os", "Android"], |it| {
            age(it) >= 24 * HOUR && is(it, "operatingSystem", "Android")
        }),
        (
            &[
                "--os",
                "Windows",
                "--owner",
                "company",
                "--compliance",
                "compliant",
            ],
            |it| {
                is(it, "operatingSystem", "Windows")
                    && is(it, "managedDeviceOwnerType", "company")
                    && is(it, "complianceState", "compliant")
            },
        ),
        (&["--serial", "sn0000001?"], |it| {
            text(it, "serialNumber").starts_with("SN0000001")
        }),
        (&["--user", "USER1*@contoso.example"], |it| {
            text(it, "userPrincipalName").starts_with("user1")
        }),
        (&["--model", "*pad*", "--model", "iPhone*"], |it| {
            let model = text(it, "model").to_lowercase();
            model.contains("pad") || model.starts_with("iphone")
        }),
        (&["--enrollment-profile", "kiosk*"], |it| {
            is(it, "enrollmentProfileName", "Kiosk Autopilot")
        }),
        (&["--os-version", "10.0"], |it| {
            text(it, "osVersion").starts_with("10.0")
        }),
        (&["--enrolled-since", "200d"], |it| {
            since(it, "enrolledDateTime") <= 200 * 24 * HOUR
        }),
        (
            &["--exclude-name", "WIN-*", "--os", "Windows,macOS"],
            |it| {
                let os = is(it, "operatingSystem", "Windows") || is(it, "operatingSystem", "macOS");
                os && !text(it, "deviceName").starts_with("WIN-")
            },
        ),
        (&["--exclude-name", "*", "--os", "iOS"], |_| false),
        (
            &["--os-version", "1", "--serial", "*5", "--user", "*"],
            |it| text(it, "osVersion").starts_with('1') && text(it, "serialNumber").ends_with('5'),
        ),
        (&["--os", "tvOS"], |_| false),
        (&["--serial", "12345"], |_| false),
    ];
    let cases = criteria
        .into_iter()
        .flat_map(|criterion| [false, true].map(|ignored| (criterion, ignored)));
    each(cases, |((flags, takes), ignore_filters)| {
        let mut config = mixed();
        config.list.ignore_filters = ignore_filters;
        let devices = fleet(&config);
        let tenant = Tenant::new(config);
        let expected: BTreeSet<String> = devices.iter().filter(|it| takes(it)).map(id).collect();
        assert!(expected.len() < 400, "{flags:?} takes all");
        assert!(
            !expected.is_empty()
                || [["--os", "tvOS"], ["--serial", "12345"]]
                    .iter()
                    .any(|it| flags == it)
                || flags[1] == "*",
            "{flags:?} takes none"
        );

        let (finished, account) = tenant.sync().args(flags.iter().copied()).json();
        assert_eq!(finished.code, 0, "{flags:?}: {finished:?}");
        assert_eq!(synced(&tenant), expected, "{flags:?} {ignore_filters}");
        assert_eq!(number(&account, "TotalDevices"), expected.len() as u64);
        balance(&tenant, &account);
    });
}

#[test]
fn a_filter_is_sent_where_graph_knows_it_and_checked_where_it_is_ignored() {
    each([false, true], |ignore_filters| {
        let mut config = mixed();
        config.list.ignore_filters = ignore_filters;
        let tenant = Tenant::new(config);
        let (finished, plan) = tenant.plan().args(["--os", "Android"]).json();
        assert_eq!(finished.code, 0, "{finished:?}");
        // A plan reads the whole list, to say which share of it would be synced.
        assert_eq!(number(&plan, "Listed"), 400, "{plan}");
        assert_eq!(tenant.statistics().ignored_filters, 0, "{plan}");
        assert!(
            number(&plan, "Total") > 0 && number(&plan, "Total") < 100,
            "{plan}"
        );
        let (finished, lines) = tenant.sync().args(["--os", "Android"]).jsonl();
        assert_eq!(finished.code, 0, "{finished:?}");
        let books = tenant.statistics();
        assert_eq!(books.ignored_filters > 0, ignore_filters, "{books:?}");
        let planned = lines.iter().find(|line| line["event"] == "planned");
        let listed = number(planned.expect("a plan"), "listed");
        assert_eq!(listed == 400, ignore_filters, "{listed}");
    });
}

#[test]
fn the_longest_without_a_check_in_come_first() {
    let config = mixed();
    let mut devices = fleet(&config);
    let tenant = Tenant::new(config);
    devices.sort_by_key(|it| -age(it));
    let (finished, lines) = tenant
        .sync()
        .args(["--order", "stalest", "--batch-size", "40", "--limit", "100"])
        .jsonl();
    assert_eq!(finished.code, 0, "{finished:?}");
    let in_order: Vec<i64> = devices.iter().take(100).map(age).collect();
    for (batch, ages) in batches(&lines, &devices).iter().zip(in_order.chunks(40)) {
        // Devices of one age are in any order.
        let mut batch: Vec<i64> = batch.iter().map(age).collect();
        batch.sort_unstable_by_key(|age| -age);
        assert_eq!(batch, ages);
    }
    let account = lines.last().expect("a summary");
    assert_eq!(number(account, "TotalDevices"), 100);
    assert_eq!(balance(&tenant, account).syncs_requested, 100);
}

#[test]
fn listed_order_is_that_of_the_list() {
    let config = mixed();
    let devices = fleet(&config);
    let tenant = Tenant::new(config);
    let (finished, lines) = tenant
        .sync()
        .args(["--order", "listed", "--batch-size", "40", "--limit", "100"])
        .jsonl();
    assert_eq!(finished.code, 0, "{finished:?}");
    let batches = batches(&lines, &devices);
    assert_eq!(batches.len(), 3);
    for (batch, expected) in batches.iter().zip(devices[..100].chunks(40)) {
        let ids = |devices: &[Value]| devices.iter().map(id).collect::<BTreeSet<_>>();
        assert_eq!(ids(batch), ids(expected));
    }
}

#[test]
fn a_limit_counts_devices_that_can_be_synced() {
    let mut config = mixed();
    config.fleet.platforms.linux = 60;
    let devices = fleet(&config);
    let tenant = Tenant::new(config);
    let linux = |it: &&Value| text(it, "operatingSystem").starts_with("Linux");
    let expected: BTreeSet<String> = devices
        .iter()
        .filter(|it| !linux(it))
        .take(50)
        .map(id)
        .collect();
    let (finished, account) = tenant
        .sync()
        .args(["--limit", "50", "--order", "listed"])
        .json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(synced(&tenant), expected);
    assert_eq!(number(&account, "TotalDevices"), 50);
    assert_eq!(number(&account, "SkippedCount"), 0);
    balance(&tenant, &account);
}

#[test]
fn devices_are_named_by_flag_file_or_standard_input() {
    const UNKNOWN: &str = "00000000-0000-4000-8000-00000000dead";
    each(["flag", "file", "csv", "input"], |how| {
        let tenant = Tenant::new(mixed());
        let ids: Vec<String> = (5..45)
            .filter_map(|at| tenant.simulator.device_id(at))
            .collect();
        let mut named = ids.clone();
        named.push(ids[0].to_uppercase());
        named.push(UNKNOWN.to_owned());
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        let (content, all) = match how {
            "csv" => (
                format!("Name,Device ID\r\nx,{}\r\n", named.join("\r\nx,")),
                "",
            ),
            _ => (
                format!("# some\n\n{}\n", named.join("\n")),
                &*named.join(","),
            ),
        };
        file.write_all(content.as_bytes()).expect("it is written");
        let path = file.path().to_str().expect("UTF-8");
        let program = tenant.sync().args(["--output", "json"]);
        let finished = match how {
            "flag" => program.args(["--device", all]).run(),
            "input" => program
                .args(["--devices-from", "-"])
                .run_with_input(&content),
            _ => program.args(["--devices-from", path]).run(),
        };
        assert_eq!(finished.code, 3, "one is gone: {how}: {finished:?}");
        let account: Value = serde_json::from_str(&finished.stdout).expect("JSON");
        assert_eq!(synced(&tenant), BTreeSet::from_iter(ids), "{how}");
        assert_eq!(number(&account, "TotalDevices"), 41, "{how}: {account}");
        assert_eq!(number(&account, "GoneCount"), 1, "{how}: {account}");
        balance(&tenant, &account);
    });
}

#[test]
fn a_named_device_that_the_list_leaves_out_is_synced_unless_it_cannot_be_checked() {
    each([false, true], |criterion| {
        let mut config = mixed();
        config.fleet.unlisted = Share::ALL;
        let tenant = Tenant::new(config);
        let id = tenant.simulator.device_id(7).expect("a device");
        let program = tenant.sync().args(["--device", &id]);
        let (finished, account) = match criterion {
            false => program.json(),
            true => program.args(["--owner", "company"]).json(),
        };
        let (success, gone) = if criterion { (0, 1) } else { (1, 0) };
        let code = if criterion { 3 } else { 0 };
        assert_eq!(finished.code, code, "{finished:?}");
        assert_eq!(number(&account, "SuccessCount"), success, "{account}");
        assert_eq!(number(&account, "GoneCount"), gone, "{account}");
        assert_eq!(balance(&tenant, &account).syncs_requested, success);
    });
}

#[test]
fn ids_of_which_intune_knows_none_are_warned_of() {
    let unknown = |at: u64| format!("00000000-0000-4000-8000-{at:012}");
    let warning = "warning: Intune knows none of these 2 ids: they may be Entra ID's\n\
        hint: give Intune's own device ids, from the column `Id` or `Device ID`, not `azureADDeviceId`\n";
    let tenant = Tenant::new(healthy(10));
    let two = format!("{},{}", unknown(1), unknown(2));
    let finished = tenant.sync().args(["--device", &two]).run();
    assert_eq!(finished.code, 3, "{finished:?}");
    assert!(finished.stderr.contains(warning), "{finished:?}");
    let allowed = tenant.sync().args(["--device", &two, "--allow-missing"]);
    assert_eq!(allowed.run().code, 0);

    let known = tenant.simulator.device_id(7).expect("a device");
    let two = format!("{},{known}", unknown(1));
    let finished = tenant.sync().args(["--device", &two]).run();
    assert_eq!(finished.code, 3, "{finished:?}");
    assert!(!finished.stderr.contains("Entra"), "{finished:?}");
}

#[test]
fn devices_that_cannot_sync_are_skipped_each_with_its_reason() {
    let tenant = Tenant::new(unsyncable());
    let (finished, lines) = tenant.sync().jsonl();
    assert_eq!(finished.code, 0, "{finished:?}");
    let mut reasons = BTreeSet::new();
    let mut skipped = 0;
    for line in lines.iter().filter(|line| line["outcome"] == "skipped") {
        reasons.insert(line["reason"].as_str().expect("a reason"));
        assert_eq!(number(line, "attempts"), 0);
        skipped += 1;
    }
    for reason in [
        "platform Linux",
        "platform ChromeOS",
        "management agent eas",
        "management agent configurationManagerClient",
        "management agent jamf",
        "management agent msSense",
        "management state wipePending",
        "management state retirePending",
        "management state deletePending",
    ] {
        assert!(reasons.contains(reason), "{reason}: {reasons:?}");
    }
    let account = lines.last().expect("a summary");
    assert_eq!(number(account, "SkippedCount"), skipped);
    assert_eq!(skipped, tenant.how_many("unsupported"));
    let books = balance_to_the_device(&tenant, account);
    assert_eq!(books.syncs_requested, books.syncs_accepted);
    let planned = lines.iter().find(|line| line["event"] == "planned");
    let counts = list(planned.expect("a plan"), "skipped");
    let reported: u64 = counts.iter().map(|count| number(count, "devices")).sum();
    assert_eq!(reported, skipped, "{counts:?}");
}

#[test]
fn include_unsupported_sends_to_them_as_well() {
    let tenant = Tenant::new(unsyncable());
    let (finished, account) = tenant.sync().args(["--include-unsupported"]).json();
    assert_eq!(finished.code, 3, "{finished:?}");
    assert_eq!(number(&account, "SkippedCount"), 0);
    assert_eq!(
        number(&account, "ErrorCount"),
        tenant.how_many("unsupported")
    );
    assert_eq!(
        balance_to_the_device(&tenant, &account).syncs_requested,
        400
    );
}

fn unsyncable() -> Config {
    let mut config = mixed();
    config.fleet.platforms.linux = 10;
    config.fleet.platforms.chrome_os = 10;
    config.fleet.unsyncable_agents = Share::percent(15);
    config.fleet.unsyncable_states = Share::percent(15);
    config
}

/// The devices as the simulator lists them, in its order: asked of a twin, so that the books show the program alone.
pub(crate) fn fleet(config: &Config) -> Vec<Value> {
    let mut config = config.clone();
    config.tokens.fixed = Some("twin".to_owned());
    config.list.page_size = NonZeroU32::MAX;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let request = http::Request::get("http://twin/v1.0/deviceManagement/managedDevices")
        .header("Authorization", "Bearer twin")
        .body(axum::body::Body::empty())
        .expect("a request");
    let body = runtime.block_on(async {
        let response = Simulator::new(config).respond(request).await;
        axum::body::to_bytes(response.into_body(), usize::MAX).await
    });
    let page: Value = serde_json::from_slice(&body.expect("in memory")).expect("JSON");
    list(&page, "value").to_vec()
}

/// The devices of each batch.
fn batches(lines: &[Value], devices: &[Value]) -> Vec<Vec<Value>> {
    let mut batches = Vec::new();
    for line in lines {
        match line["event"].as_str() {
            Some("batch-started") => batches.push(Vec::new()),
            Some("device-done") => {
                let known = devices.iter().find(|it| it["id"] == line["id"]);
                let batch: &mut Vec<Value> = batches.last_mut().expect("a batch is open");
                batch.push(known.expect("a device").clone());
            }
            _ => {}
        }
    }
    batches
}

fn synced(tenant: &Tenant) -> BTreeSet<String> {
    let devices = tenant.simulator.devices(Some("synced"));
    devices.expect("an outcome").into_keys().collect()
}

fn text<'a>(device: &'a Value, property: &str) -> &'a str {
    device[property].as_str().unwrap_or_default()
}

fn is(device: &Value, property: &str, value: &str) -> bool {
    text(device, property) == value
}

fn id(device: &Value) -> String {
    text(device, "id").to_owned()
}

/// Seconds since the last check-in; very many for a device that never did.
fn age(device: &Value) -> i64 {
    since(device, "lastSyncDateTime")
}

fn since(device: &Value, property: &str) -> i64 {
    let last: jiff::Timestamp = text(device, property).parse().expect("a time");
    jiff::Timestamp::now().as_second() - last.as_second()
}

#[test]
fn a_selection_that_matches_no_device_can_count_as_a_failure() {
    let tenant = Tenant::new(healthy(10));
    for (program, flag, code) in [
        (tenant.sync(), None, 0),
        (tenant.sync(), Some("--fail-if-none"), 6),
        (tenant.plan(), Some("--fail-if-none"), 6),
    ] {
        let finished = program.args(["--os", "Haiku"]).args(flag).run();
        assert_eq!(finished.code, code, "{finished:?}");
        assert!(
            finished.stderr.contains("No device matches the selection"),
            "{finished:?}"
        );
    }
    let finished = tenant.sync().args(["--fail-if-none"]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
}

#[test]
fn a_value_that_matches_nothing_is_named_with_what_there_is_instead() {
    let tenant = Tenant::new(mixed());
    let plan = |args: &[&str]| tenant.plan().args(args.iter().copied()).run().stderr;
    let stderr = plan(&["--os", "Windws"]);
    let line = stderr
        .lines()
        .find(|line| line.contains("`Windws` for `os`"));
    let line = line.unwrap_or_else(|| panic!("{stderr}"));
    assert!(
        line.contains("matches no listed device: they have `"),
        "{line}"
    );
    for os in ["`Windows`", "`iOS`", "`macOS`", "`Android`"] {
        assert!(line.contains(os), "{line}");
    }
    let stderr = plan(&[
        "--name",
        "WIN-*",
        "--name",
        "KISOK-*",
        "--category",
        "Sales",
    ]);
    assert!(
        stderr.contains("`KISOK-*` for `name` matches no listed device\n"),
        "{stderr}"
    );
    assert!(!stderr.contains("`WIN-*`"), "{stderr}");
    assert!(!stderr.contains("`Sales`"), "{stderr}");
}
