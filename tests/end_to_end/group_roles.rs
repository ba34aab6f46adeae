//! The roles that `--group` takes: what happens without them, `grant --groups`, and what `doctor` says.

use intune_sync_simulator::Config;
use serde_json::Value;

use crate::{
    books::{each, list},
    grant::{admin, fresh},
    groups::{DEVICES, GROUPS, KIOSKS, LAB, assert_nothing_began, group, run, tenant},
    program::{Finished, Program},
    schema,
    tenant::Tenant,
};

pub(crate) fn without(mut config: Config, role: &str) -> Config {
    config.tokens.roles.retain(|held| held != role);
    config
}

#[test]
fn a_missing_role_is_named_and_nothing_is_written() {
    let tenant = Tenant::new(without(tenant(), GROUPS));
    each(["--group", "--exclude-group"], |flag| {
        each(["Kiosks", KIOSKS], |named| {
            let finished = tenant.sync().args([flag, named]).run();
            assert_eq!(finished.code, 4, "{finished:?}");
            let (message, hint) = finished.error();
            let expected = format!(
                "the identity may not read the group `{named}`: `{GROUPS}` is missing (403, "
            );
            assert!(message.starts_with(&expected), "{message}");
            assert!(
                hint.contains("`intune-sync grant --groups --principal-id 00000000-0000-4000-8000-0000000b0001`"),
                "{hint}"
            );
            assert_nothing_began(&tenant, &finished);
        });
    });
}

/// Graph returns them with status 200 and nulls.
#[test]
fn devices_that_may_not_be_read_are_an_error_and_not_an_empty_group() {
    let tenant = Tenant::new(without(tenant(), DEVICES));
    each(["--group", "--exclude-group"], |flag| {
        let finished = tenant.sync().args([flag, "Kiosks"]).run();
        assert_eq!(finished.code, 4, "{finished:?}");
        let (message, hint) = finished.error();
        let expected = format!(
            "the identity may not read the devices in the group `Kiosks` ({KIOSKS}): `{DEVICES}` is missing"
        );
        assert_eq!(message, expected);
        assert!(hint.contains("intune-sync grant --groups"), "{hint}");
        assert_nothing_began(&tenant, &finished);
    });
}

#[test]
fn a_group_of_users_needs_no_role_for_devices() {
    let mut config = without(tenant(), DEVICES);
    config.groups.groups = vec![group(LAB, "Lab", 0..0, 21..23, &[])];
    let (finished, _, synced, _) = run(config, &["--group", "Lab"]);
    assert_eq!((finished.code, synced), (0, (42..46).collect()));
}

fn doctor(tenant: &Tenant, args: &[&str]) -> (Finished, Value) {
    let (finished, report) = tenant
        .surround()
        .args(["doctor", "--group", "Kiosks"])
        .args(args.iter().copied())
        .json();
    schema::assert_doctor(&finished.stdout);
    (finished, report)
}

fn step(report: &Value, name: &str) -> Value {
    let steps = list(report, "Steps").iter();
    let step = steps.clone().find(|step| step["Step"] == name);
    step.unwrap_or_else(|| panic!("no {name}: {report}"))
        .clone()
}

#[test]
fn granted_and_examined() {
    let mut config = fresh(20);
    config.groups = tenant().groups;
    // Azure would keep a token from before for a day.
    config.identity.cache = false;
    let tenant = Tenant::new(config);
    let admin = admin();
    let principal = ["--principal-id", "00000000-0000-4000-8000-0000000b0001"];
    let grant = |args: &[&str]| -> Finished {
        let program: Program = admin.grant(&tenant).args(principal);
        let (finished, report) = program.args(args.iter().copied()).json();
        schema::assert_grant(&finished.stdout);
        assert_eq!(finished.code, 0, "{report}");
        finished
    };
    grant(&[]);
    let (finished, report) = doctor(&tenant, &[]);
    assert_eq!(finished.code, 4, "{finished:?}");
    let missing = step(&report, "groups");
    assert_eq!(
        (&missing["Outcome"], &missing["Cause"]),
        (&"failed".into(), &"role-missing".into())
    );
    let hint = missing["Hint"].as_str().expect("a hint");
    assert!(
        hint.contains("intune-sync grant --groups --principal-id 00000000"),
        "{hint}"
    );
    assert_eq!(step(&report, "members")["Outcome"], "not-tried");

    let before = tenant.simulator.roles();
    let finished = grant(&["--groups"]);
    assert!(!finished.stderr.contains("warning"), "{finished:?}");
    let mut expected = before.clone();
    expected.extend([GROUPS.to_owned(), DEVICES.to_owned()]);
    assert_eq!(
        tenant.simulator.roles(),
        expected,
        "these two and nothing else"
    );
    let (finished, report) = doctor(&tenant, &[]);
    assert_eq!(finished.code, 0, "{finished:?}");
    let read = step(&report, "members");
    let found = format!("`Kiosks` ({KIOSKS}) has 15 devices and 2 users");
    assert_eq!(read["Detail"], found);

    grant(&["--groups", "--revoke"]);
    assert_eq!(tenant.simulator.roles(), before);
    assert_eq!(tenant.statistics().forbidden_writes, 0);
}

#[test]
fn the_roles_of_groups_are_granted_alone() {
    let grant = [
        "grant",
        "--principal-id",
        KIOSKS,
        "--groups",
        "--read-write",
    ];
    let finished = Program::new().args(grant).run();
    assert_eq!(finished.code, 2, "{finished:?}");
    let (message, _) = finished.error();
    assert!(
        message.starts_with("`--groups` and `--read-write` are not allowed together"),
        "{message}"
    );
}

#[test]
fn the_doctor_reads_the_groups_of_the_job() {
    let tenant = Tenant::new(without(tenant(), DEVICES));
    let (finished, report) = doctor(&tenant, &[]);
    assert_eq!(finished.code, 4, "{finished:?}");
    let claims = step(&report, "groups");
    assert_eq!(claims["Outcome"], "passed");
    let detail = format!("`{GROUPS}`; `{DEVICES}` is missing, which groups with devices need");
    assert_eq!(claims["Detail"], detail);
    assert_eq!(step(&report, "members")["Cause"], "role-missing");
    let (finished, report) = doctor(&tenant, &["--exclude-group", "Kiosk"]);
    assert_eq!(finished.code, 4, "{report}");

    let tenant = Tenant::new(self::tenant());
    let (finished, report) = doctor(&tenant, &["--exclude-group", "Kiosk"]);
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_eq!(step(&report, "members")["Cause"], "unknown-group");
    assert_eq!(tenant.statistics().syncs_requested, 0);
}
