//! `--group` and `--exclude-group`: who is in a group is read before the run, whatever comes in between, and exactly
//! these devices are synced.

use std::{collections::BTreeSet, num::NonZeroU32, ops::Range};

use intune_sync_simulator::{Config, GroupConfig, RetryAfterForm};
use serde_json::Value;

use crate::{
    books::{balance, each, number},
    group_roles::without,
    history::{recorded, runs, state, within},
    program::{Finished, Program},
    running::Running,
    schema,
    tenant::{Tenant, healthy},
};

pub(crate) const KIOSKS: &str = "00000000-0000-4000-8000-0000000d0001";
const BRANCHES: &str = "00000000-0000-4000-8000-0000000d0002";
pub(crate) const LAB: &str = "00000000-0000-4000-8000-0000000d0003";
const EMPTY: &str = "00000000-0000-4000-8000-0000000d0004";
const NOBODY: &str = "00000000-0000-4000-8000-0000000d0009";

pub(crate) const GROUPS: &str = "GroupMember.Read.All";
pub(crate) const DEVICES: &str = "Device.Read.All";

/// 100 devices of 50 users, and an identity that may read groups. In `Kiosks` are the devices 0 to 9 and `Branches`, in
/// which are 5 to 14 and the users 20 and 21, who have the devices 40 to 43. `Lab` has the devices 8 to 11 and user 21.
pub(crate) fn tenant() -> Config {
    let mut config = healthy(100);
    config.fleet.devices_per_user = NonZeroU32::MIN.saturating_add(1);
    config.tokens.roles.extend([GROUPS.into(), DEVICES.into()]);
    config.groups.groups = vec![
        group(KIOSKS, "Kiosks", 0..10, 0..0, &[BRANCHES]),
        group(BRANCHES, "Bob's branches", 5..15, 20..22, &[KIOSKS]),
        group(LAB, "Lab", 8..12, 21..22, &[]),
        group(EMPTY, "Empty", 0..0, 0..0, &[]),
    ];
    config
}

pub(crate) fn group(
    id: &str,
    name: &str,
    devices: Range<u32>,
    users: Range<u32>,
    groups: &[&str],
) -> GroupConfig {
    GroupConfig {
        id: id.into(),
        name: name.into(),
        devices,
        users,
        groups: groups.iter().map(|id| (*id).to_owned()).collect(),
    }
}

/// The devices that were synced, by their numbers.
fn synced(tenant: &Tenant) -> BTreeSet<u32> {
    let synced = tenant
        .simulator
        .devices(Some("synced"))
        .expect("an outcome");
    let all = 0_u32..;
    all.map_while(|number| Some((number, tenant.simulator.device_id(number)?)))
        .filter(|(_, id)| synced.contains_key(id))
        .map(|(number, _)| number)
        .collect()
}

/// Runs a sync of these groups, and returns it with the devices that were synced.
pub(crate) fn run(config: Config, args: &[&str]) -> (Finished, Value, BTreeSet<u32>, Tenant) {
    let tenant = Tenant::new(config);
    let (finished, account) = tenant.sync().args(args.iter().copied()).json();
    schema::assert_output(&finished.stdout);
    balance(&tenant, &account);
    let synced = synced(&tenant);
    (finished, account, synced, tenant)
}

/// Graph has seen no write, and not even the list was read.
pub(crate) fn assert_nothing_began(tenant: &Tenant, finished: &Finished) {
    let statistics = tenant.statistics();
    assert_eq!(
        (
            statistics.syncs_requested,
            statistics.forbidden_writes,
            statistics.requests.list
        ),
        (0, 0, 0),
        "{finished:?} {statistics:?}"
    );
    assert_eq!(statistics.requests.other, 0, "{statistics:?}");
    assert_eq!(
        finished.stdout, "",
        "a run that does not begin has no result"
    );
}

#[test]
fn a_group_by_its_name_or_id_is_its_devices_and_those_of_its_users_nested_ones_included() {
    let expected: BTreeSet<u32> = (0..15).chain(40..44).collect();
    each(["Kiosks", "kIOSKS", KIOSKS], |named| {
        let (finished, account, synced, tenant) = run(tenant(), &["--group", named]);
        assert_eq!(finished.code, 0, "{finished:?}");
        assert_eq!(synced, expected, "{named}");
        assert_eq!(number(&account, "TotalDevices"), 19);
        // One for the group, one for its devices and one for its users.
        assert_eq!(tenant.statistics().requests.groups, 3);
    });
}

#[test]
fn several_groups_are_what_is_in_any_of_them_and_other_criteria_narrow_it() {
    let (_, _, both, _) = run(tenant(), &["--group", "Lab", "--group", BRANCHES]);
    assert_eq!(both, (0..15).chain(40..44).collect());
    let (_, _, lab, _) = run(tenant(), &["--group", "Lab", "--group", LAB]);
    assert_eq!(lab, (8..12).chain(42..44).collect());
    let (_, account, windows, tenant) = run(
        tenant(),
        &["--group", "Lab", "--os", "Windows", "--limit", "2"],
    );
    assert!(windows.len() <= 2 && windows.is_subset(&lab), "{windows:?}");
    assert_eq!(number(&account, "TotalDevices"), windows.len() as u64);
    drop(tenant);
}

#[test]
fn what_is_excluded_is_left_out_whatever_else_selects_it() {
    let (_, _, synced, _) = run(tenant(), &["--group", "Kiosks", "--exclude-group", "Lab"]);
    assert_eq!(synced, (0..8).chain(12..15).chain(40..42).collect());
    let (_, account, synced, _) = run(tenant(), &["--exclude-group", LAB]);
    assert_eq!(synced, (0..8).chain(12..42).chain(44..100).collect());
    assert_eq!(number(&account, "TotalDevices"), 94);
    let (finished, account, synced, _) =
        run(tenant(), &["--group", "Lab", "--exclude-group", "Lab"]);
    assert_eq!((finished.code, synced.len()), (0, 0), "{account}");
}

#[test]
fn a_plan_shows_what_each_group_has_contributed() {
    let tenant = Tenant::new(tenant());
    let groups = ["--group", "Kiosks", "--exclude-group", "Lab"];
    let (finished, plan) = tenant.plan().args(groups).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    schema::assert_output(&finished.stdout);
    let expected = serde_json::json!([
        {"Name": "Kiosks", "Id": KIOSKS, "Excluded": false, "Devices": 15, "Users": 2},
        {"Name": "Lab", "Id": LAB, "Excluded": true, "Devices": 4, "Users": 1},
    ]);
    assert_eq!(plan["Groups"], expected);
    assert_eq!(number(&plan, "Total"), 13);
    let finished = tenant.plan().args(groups).run();
    let lines: Vec<&str> = finished
        .stdout
        .lines()
        .skip_while(|line| *line != "Groups:")
        .collect();
    assert_eq!(
        lines,
        [
            "Groups:".to_owned(),
            format!("  Kiosks  {KIOSKS}  15 devices  2 users"),
            format!("  Lab     {LAB}  4 devices   1 users  left out"),
        ]
    );
    let note = format!("in the group `Kiosks` ({KIOSKS}): 15 devices, 2 users\n");
    assert!(finished.stderr.contains(&note), "{finished:?}");
    assert_eq!(tenant.statistics().syncs_requested, 0);
}

#[test]
fn a_name_of_two_groups_lists_both_and_one_of_none_says_so() {
    let mut config = tenant();
    config
        .groups
        .groups
        .push(group(NOBODY, "KIOSKS", 0..1, 0..0, &[]));
    let tenant = Tenant::new(config);
    each(["--group", "--exclude-group"], |flag| {
        let finished = tenant.sync().args([flag, "kiosks"]).run();
        assert_eq!(finished.code, 2, "{finished:?}");
        let message = format!("2 groups are called `kiosks`: {KIOSKS}, {NOBODY}");
        assert_eq!(
            finished.error(),
            (
                message.as_str(),
                "give the id of the one that is meant instead of the name"
            )
        );
        assert_nothing_began(&tenant, &finished);

        let finished = tenant.sync().args([flag, "Kiosk"]).run();
        assert_eq!(finished.code, 2, "{finished:?}");
        assert_eq!(finished.error().0, "there is no group called `Kiosk`");
        let missing = "00000000-0000-4000-8000-0000000d00ff";
        let finished = tenant.sync().args([flag, missing]).run();
        assert_eq!(finished.code, 2, "{finished:?}");
        let message = format!("there is no group with the id `{missing}`");
        assert_eq!(finished.error().0, message);
        assert_nothing_began(&tenant, &finished);
    });
}

#[test]
fn hostile_names_are_looked_up_as_they_are() {
    for name in [
        "Bob's",
        "''",
        "a' or true",
        "100% & more #1",
        "\u{fc}ber \u{1f600}",
    ] {
        let mut config = tenant();
        config
            .groups
            .groups
            .push(group(NOBODY, name, 3..4, 0..0, &[]));
        let (finished, _, synced, _) = run(config, &["--group", name]);
        assert_eq!(finished.code, 0, "{finished:?}");
        assert_eq!(synced, BTreeSet::from([3]), "{name}");
    }
    let tenant = Tenant::new(tenant());
    for name in ["", "a\nb", &"x".repeat(257)] {
        let finished = tenant.sync().args(["--group", name]).run();
        assert_eq!(finished.code, 2, "{finished:?}");
    }
    assert_eq!(tenant.statistics().requests.total(), 0);
}

/// An empty group selects nothing, and not the whole fleet.
#[test]
fn an_empty_group_selects_nothing_and_is_said() {
    let tenant = Tenant::new(tenant());
    let none =
        format!("warning: there are no devices and no users in the group `Empty` ({EMPTY})\n");
    each(["sync", "plan"], |command| {
        let program = || {
            tenant
                .surround()
                .args([command, "--yes", "--group", "Empty"])
        };
        let (finished, account) = program().json();
        schema::assert_output(&finished.stdout);
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(finished.stderr.contains(&none), "{finished:?}");
        let total = if command == "sync" {
            "TotalDevices"
        } else {
            "Total"
        };
        assert_eq!(number(&account, total), 0);
        assert_eq!(account["Outcome"], "completed");
        assert_eq!(program().args(["--fail-if-none"]).run().code, 6);
        assert_eq!(program().run().code, 0);
    });
    let (finished, account) = tenant
        .sync()
        .args(["--group", "Empty", "--exclude-group", "Lab"])
        .json();
    assert_eq!((finished.code, number(&account, "TotalDevices")), (0, 0));
    assert_eq!(tenant.statistics().syncs_requested, 0);

    // An empty one next to others takes nothing away from them.
    let (finished, account) = tenant
        .sync()
        .args(["--group", "Empty", "--group", "Lab"])
        .json();
    assert!(finished.stderr.contains(&none), "{finished:?}");
    assert_eq!(number(&account, "TotalDevices"), 6);
}

#[test]
fn throttling_and_failures_on_the_way_are_waited_out() {
    let forms = [
        RetryAfterForm::Seconds,
        RetryAfterForm::Missing,
        RetryAfterForm::Date,
    ];
    each(forms, |form| {
        let mut config = tenant();
        config.groups.page_size = NonZeroU32::MIN.saturating_add(3);
        config.groups.statuses = vec![429, 200, 429, 503, 200, 504, 200, 500, 200, 429];
        config.retry_after.form = form;
        let (finished, _, synced, tenant) = run(config, &["--group", "Kiosks"]);
        assert_eq!(finished.code, 0, "{finished:?}");
        assert_eq!(synced, (0..15).chain(40..44).collect());
        assert!(finished.stderr.contains(": trying again\n"), "{finished:?}");
        let statistics = tenant.statistics();
        assert_eq!(
            (statistics.early_calls, statistics.throttled_requests),
            (0, 3)
        );
    });
}

#[test]
fn lost_and_garbled_responses_are_requested_again() {
    let mut config = tenant();
    config.groups.page_size = NonZeroU32::MIN;
    config.faults.drop_before = intune_sync_simulator::Share::percent(10);
    config.faults.html = intune_sync_simulator::Share::percent(10);
    config.faults.mangled = intune_sync_simulator::Share::percent(20);
    let tenant = Tenant::new(config);
    let (finished, plan) = tenant.plan().args(["--group", "Kiosks"]).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(
        (number(&plan, "Total"), &plan["Groups"][0]["Devices"]),
        (19, &15.into())
    );
}

#[test]
fn the_deadline_ends_the_wait_for_a_group() {
    let mut config = tenant();
    config.groups.statuses = vec![429; 100];
    let tenant = Tenant::new(config);
    let finished = tenant
        .sync()
        .args(["--group", "Kiosks", "--deadline", "3s"])
        .run();
    assert_eq!(finished.code, 5, "{finished:?}");
    let said =
        "stopped before it was known who is in the groups: the time given by `--deadline` is over";
    assert!(finished.stderr.contains(said), "{finished:?}");
    assert_nothing_began(&tenant, &finished);
}

/// Who joins or leaves between two pages is on both, or on neither.
#[test]
fn a_group_that_changes_between_pages_is_read_once_each() {
    let mut config = tenant();
    config.groups.page_size = NonZeroU32::MIN.saturating_add(2);
    config.groups.repeated = 2;
    let (_, account, synced, tenant) = run(config, &["--group", "Kiosks"]);
    assert_eq!(synced, (0..15).chain(40..44).collect());
    assert_eq!(account["Groups"][0]["Devices"], 15);
    // The group, five pages of devices, one of users.
    assert_eq!(tenant.statistics().requests.groups, 7);
}

#[test]
fn a_link_that_leads_elsewhere_is_not_followed() {
    let mut config = tenant();
    config.groups.page_size = NonZeroU32::MIN;
    config.origin = Some("https://graph.example.com".into());
    let tenant = Tenant::new(config);
    let finished = tenant.sync().args(["--group", "Kiosks"]).run();
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(finished.error().0.contains("leaves Graph"), "{finished:?}");
    assert_nothing_began(&tenant, &finished);
}

/// The devices are in the history: who is in the group by now does not matter, and is not looked up.
#[test]
fn a_resumed_run_needs_no_group() {
    let state = state();
    let mut config = tenant();
    config.tokens.refuse_after_writes = Some(6);
    let tenant = Tenant::new(config);
    let args = [
        "--group",
        "Kiosks",
        "--dispatch",
        "single",
        "--output",
        "json",
    ];
    let finished = within(tenant.sync().args(args), &state).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let first: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    assert!(number(&first, "PendingCount") > 0, "{first}");
    let recorded = recorded(state.path());
    assert!(
        recorded[0].selection.contains(r#""--group","Kiosks""#),
        "{recorded:?}"
    );

    let mut config = self::tenant();
    config.groups.groups.clear();
    let later = Tenant::new(config);
    let run = first["RunId"].as_str().expect("an id");
    let program = later.surround().env("INTUNE_SYNC_GRAPH_URL", &later.root());
    let resumed = within(program.args(["runs", "resume", run]), &state).run();
    assert_eq!(resumed.code, 0, "{resumed:?}");
    let statistics = later.statistics();
    assert_eq!(statistics.requests.groups, 0, "{statistics:?}");
    assert_eq!(
        u64::from(statistics.devices_synced_once),
        number(&first, "PendingCount")
    );
}

#[test]
fn a_run_that_could_not_read_a_group_is_in_the_history() {
    let state = state();
    let tenant = Tenant::new(without(tenant(), GROUPS));
    let finished = within(tenant.sync().args(["--group", "Kiosks"]), &state).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let listed = runs(&tenant, &state, &["list", "--output", "json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(listed[0]["outcome"], "not-authorized", "{listed}");
}

#[test]
fn groups_are_settings_of_variables_and_the_config_file_too() {
    let tenant = Tenant::new(tenant());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("job.toml");
    std::fs::write(
        &path,
        "group = [\"Kiosks\", \"Lab\"]\nexclude-group = \"Lab\"\n",
    )
    .expect("written");
    let path = path.to_str().expect("UTF-8");
    let (_, plan) = tenant.plan().args(["--config", path]).json();
    assert_eq!(number(&plan, "Total"), 13);
    let (_, plan) = tenant.plan().env("INTUNE_SYNC_GROUP", LAB).json();
    assert_eq!(number(&plan, "Total"), 6);
}

#[test]
fn the_simulator_serves_a_group() {
    let mut simulator =
        Running::start(Program::new().args(["simulate", "--devices", "20", "--group", "Kiosks"]));
    let line = simulator.says("intune-sync sync");
    let root = line
        .split(' ')
        .find_map(|word| word.strip_prefix("http://"))
        .expect("an address");
    let (finished, plan) = Program::new()
        .env("IDENTITY_ENDPOINT", &format!("http://{root}/msi/token"))
        .env("IDENTITY_HEADER", "simulator")
        .args([
            "plan",
            "--graph-url",
            &format!("http://{root}"),
            "--group",
            "kiosks",
        ])
        .json();
    assert_eq!(
        (finished.code, number(&plan, "Total")),
        (0, 10),
        "{finished:?}"
    );
}

/// Of 50,000 devices, exactly the 12,000 of a nested group: 7,000 in it, and two of each of 2,500 users.
#[test]
fn a_large_group_of_a_large_tenant_is_planned_and_synced_exactly() {
    let mut config = healthy(50_000);
    config.list.page_size = NonZeroU32::MIN.saturating_add(999);
    config.fleet.devices_per_user = NonZeroU32::MIN.saturating_add(1);
    config.tokens.roles.extend([GROUPS.into(), DEVICES.into()]);
    config.groups.groups = vec![
        group(KIOSKS, "Kiosks", 0..4_000, 0..0, &[BRANCHES]),
        group(BRANCHES, "Branches", 3_000..7_000, 10_000..11_000, &[LAB]),
        group(LAB, "Lab", 0..0, 10_500..12_500, &[]),
    ];
    config.groups.statuses = vec![200, 200, 200, 429, 200, 503];
    let tenant = Tenant::new(config);
    let args = ["--group", "Kiosks", "--batch-size", "10000"];
    let (finished, plan) = tenant.plan().args(args).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(
        (number(&plan, "Total"), number(&plan, "ToSync")),
        (12_000, 12_000)
    );
    let groups = serde_json::json!([
        {"Name": "Kiosks", "Id": KIOSKS, "Excluded": false, "Devices": 7_000, "Users": 2_500}
    ]);
    assert_eq!(plan["Groups"], groups);
    assert_eq!(tenant.statistics().syncs_requested, 0);

    let (finished, account) = tenant.sync().args(args).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(number(&account, "SuccessCount"), 12_000);
    let statistics = tenant.statistics();
    assert_eq!(
        (statistics.syncs_requested, statistics.devices_synced_once),
        (12_000, 12_000)
    );
    assert_eq!(synced(&tenant), (0..7_000).chain(20_000..25_000).collect());
}
