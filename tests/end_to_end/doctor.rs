//! `doctor`: for each way in which a set-up can be broken, the right cause, first; and for one that is not, none.

mod network;
mod tokens;

use std::net::{Ipv4Addr, TcpListener};

use insta::{assert_snapshot, with_settings};
use intune_sync_simulator::{Approval, Config, Share};
use serde_json::{Value, json};

use crate::{
    books::{each, list},
    grant,
    program::{Finished, Program},
    schema,
    tenant::{Tenant, healthy},
};

const READ: &str = "DeviceManagementManagedDevices.Read.All";
const SYNC: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";
const IDENTITY: &str = "00000000-0000-4000-8000-0000000b0001";
const TENANT: &str = "00000000-0000-4000-8000-00000000beef";
const STEPS: [&str; 12] = [
    "identity",
    "graph",
    "clock",
    "token",
    "audience",
    "tenant",
    "expiry",
    "age",
    "read-role",
    "sync-role",
    "devices",
    "sync",
];

fn doctor(tenant: &Tenant) -> Program {
    tenant.surround().args(["doctor"])
}

/// What it says as JSON, which keeps to its schema, shows no token, and says the same on stderr where something fails.
fn examined(program: Program) -> (Finished, Value) {
    let (finished, report) = program.json();
    schema::assert_doctor(&finished.stdout);
    assert_no_secret(&finished);
    assert_eq!(report["ExitCode"], finished.code, "{finished:?}");
    let names: Vec<&Value> = list(&report, "Steps")
        .iter()
        .map(|step| &step["Step"])
        .collect();
    assert_eq!(names, STEPS, "{report}");
    match report["Cause"]["Message"].as_str() {
        Some(message) => {
            assert!(
                finished
                    .stderr
                    .starts_with(&format!("error: {message}\nhint: ")),
                "{finished:?}"
            );
        }
        None => assert_eq!(
            (finished.stderr.as_str(), finished.code),
            ("", 0),
            "{report}"
        ),
    }
    (finished, report)
}

fn assert_no_secret(finished: &Finished) {
    let said = format!("{}{}", finished.stdout, finished.stderr);
    for secret in ["eyJ", "simulator-secret", grant::ADMIN, "pass-of-the-proxy"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}

/// The outcome of each step: `+`, `x`, `-` for passed, failed, not tried.
fn outcomes(report: &Value) -> String {
    let mark = |step: &Value| match step["Outcome"].as_str() {
        Some("passed") => '+',
        Some("failed") => 'x',
        Some("not-tried") => '-',
        _ => '?',
    };
    list(report, "Steps").iter().map(mark).collect()
}

/// Asserts the first cause, where, with which exit code, and what the message and the hint must name.
fn assert_cause(report: &Value, (step, cause, code): (&str, &str, u8), named: &[&str]) {
    let first = &report["Cause"];
    assert_eq!(
        (&first["Step"], &first["Cause"], &report["ExitCode"]),
        (&json!(step), &json!(cause), &json!(code)),
        "{report:#}"
    );
    let failed = list(report, "Steps")
        .iter()
        .find(|step| step["Outcome"] == "failed")
        .expect("one has failed");
    assert_eq!(
        (&failed["Step"], &failed["Cause"]),
        (&first["Step"], &first["Cause"])
    );
    let said = format!("{} {}", first["Message"], first["Hint"]);
    for word in named {
        assert!(said.contains(word), "{word}: {said}");
    }
}

fn device(tenant: &Tenant) -> String {
    tenant.simulator.device_id(0).expect("a device")
}

#[test]
fn nothing_is_wrong_with_a_healthy_set_up() {
    let tenant = Tenant::new(healthy(30));
    let (_, report) = examined(doctor(&tenant).args(["--tenant-id", TENANT]));
    assert_eq!(report["Verdict"], "ready");
    assert_eq!(outcomes(&report), "+++++++++++-", "{report:#}");
    let statistics = tenant.statistics();
    assert_eq!(
        (statistics.requests.list, statistics.syncs_requested),
        (2, 0)
    );
    assert_eq!(
        statistics.missing_client_request_ids + statistics.reused_client_request_ids,
        0
    );

    let device = device(&tenant);
    let (_, report) = examined(doctor(&tenant).args(["--probe", &device]));
    assert_eq!(outcomes(&report), "++++++++++++", "{report:#}");
    assert_eq!(tenant.statistics().syncs_accepted, 1);
    assert_eq!(
        tenant
            .simulator
            .devices(Some("synced"))
            .expect("an outcome")[&device],
        1
    );
    assert_eq!(tenant.statistics().forbidden_writes, 0);
}

#[test]
fn no_identity() {
    let tenant = Tenant::new(healthy(5));
    // Nothing listens there.
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let nobody = format!("http://{}", free.local_addr().expect("it is bound"));
    drop(free);
    let program = Program::new()
        .args(["doctor", "--graph-url", &tenant.root()])
        .env("AZURE_POD_IDENTITY_AUTHORITY_HOST", &nobody);
    let (_, report) = examined(program);
    assert_cause(
        &report,
        ("identity", "no-identity", 4),
        &["no managed identity here"],
    );
    assert_eq!(outcomes(&report), "x++---------", "{report:#}");

    // The place is there, the identity is not.
    let mut config = healthy(5);
    config.identity.not_found = true;
    let (_, report) = examined(doctor(&Tenant::new(config)));
    assert_cause(
        &report,
        ("token", "no-token", 4),
        &["Identity not found", "--client-id"],
    );
    assert_eq!(outcomes(&report), "+++x--------", "{report:#}");
}

#[test]
fn the_wrong_tenant() {
    let mut config = healthy(5);
    config.tokens.tenant = "00000000-0000-4000-8000-00000000dead".into();
    let tenant = Tenant::new(config);
    let (_, report) = examined(doctor(&tenant).args(["--tenant-id", TENANT]));
    let named = [
        TENANT,
        "00000000-0000-4000-8000-00000000dead",
        "--tenant-id",
    ];
    assert_cause(&report, ("tenant", "wrong-tenant", 4), &named);
    assert_eq!(outcomes(&report), "+++++x++++--", "{report:#}");
    assert_eq!(
        tenant.statistics().requests.list,
        1,
        "no other tenant's devices are read"
    );
}

/// A domain cannot be compared with the id in the token; that is said, and is in nobody's way.
#[test]
fn a_tenant_by_its_domain() {
    let tenant = Tenant::new(healthy(5));
    let (_, report) = examined(doctor(&tenant).args(["--tenant-id", "contoso.onmicrosoft.com"]));
    assert_eq!(outcomes(&report), "+++++-+++++-", "{report:#}");
    let detail = list(&report, "Steps")[5]["Detail"]
        .as_str()
        .expect("a text");
    assert!(
        detail.contains(TENANT) && detail.contains("contoso.onmicrosoft.com"),
        "{detail}"
    );
}

#[test]
fn a_role_that_was_never_granted() {
    let cases = [
        (vec![], ("read-role", READ), "++++++++xx--"),
        (vec![READ.to_owned()], ("sync-role", SYNC), "+++++++++x+-"),
        (vec![SYNC.to_owned()], ("read-role", READ), "++++++++x+--"),
    ];
    each(cases, |(roles, (step, role), expected)| {
        let mut config = healthy(5);
        config.tokens.roles = roles;
        let tenant = Tenant::new(config);
        let device = device(&tenant);
        let (_, report) = examined(doctor(&tenant).args(["--probe", &device]));
        let remedy = format!("intune-sync grant --principal-id {IDENTITY}");
        assert_cause(&report, (step, "role-missing", 4), &[role, &remedy]);
        assert_eq!(outcomes(&report), expected, "{report:#}");
        assert_eq!(tenant.statistics().syncs_requested, 0);
    });
}

#[test]
fn multi_admin_approval() {
    let forms = [Approval::BadRequest, Approval::Forbidden, Approval::Pending];
    each(forms, |approval| {
        let mut config = healthy(5);
        config.tokens.approval = Some(approval);
        let tenant = Tenant::new(config);
        let device = device(&tenant);
        let (_, report) = examined(doctor(&tenant).args(["--probe", &device]));
        let named = ["Multi Admin Approval", "Exclusions", "report this"];
        assert_cause(&report, ("sync", "approval-needed", 4), &named);
        assert_eq!(outcomes(&report), "+++++++++++x", "{report:#}");
        // Without a probe, this cannot be known.
        let (_, report) = examined(doctor(&tenant));
        let last = list(&report, "Steps").last().expect("a step");
        assert!(
            last["Detail"]
                .as_str()
                .is_some_and(|text| text.contains("Multi Admin Approval"))
        );
    });
}

#[test]
fn a_device_that_is_not_there() {
    let tenant = Tenant::new(healthy(5));
    let unknown = "00112233-4455-6677-8899-aabbccddeeff";
    let (_, report) = examined(doctor(&tenant).args(["--probe", unknown]));
    assert_cause(
        &report,
        ("sync", "unknown-device", 1),
        &[unknown, "Entra device id"],
    );
    assert_eq!(outcomes(&report), "+++++++++++x", "{report:#}");
}

#[test]
fn a_device_that_takes_no_sync() {
    let mut config = healthy(50);
    config.fleet.unsupported = Share::percent(100);
    let tenant = Tenant::new(config);
    let device = device(&tenant);
    let (_, report) = examined(doctor(&tenant).args(["--probe", &device]));
    assert_cause(&report, ("sync", "device-refused", 1), &[&device]);
}

/// What is examined is the job's own set-up.
#[test]
fn the_jobs_own_file_and_variables_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.toml");
    std::fs::write(
        &file,
        "batch-size = 100\nclient-id = \"00112233-4455-6677-8899-aabbccddeeff\"\n",
    )
    .expect("written");
    let tenant = Tenant::new(healthy(5));
    let finished = doctor(&tenant)
        .args(["--config", file.to_str().expect("UTF-8")])
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let identities = tenant.statistics().identities;
    assert_eq!(
        identities,
        ["client_id=00112233-4455-6677-8899-aabbccddeeff".to_owned()].into()
    );
}

fn transcript(finished: &Finished) -> String {
    assert_no_secret(finished);
    format!(
        "exit code {}\n--- stdout\n{}--- stderr\n{}",
        finished.code, finished.stdout, finished.stderr
    )
}

fn assert_transcript(name: &str, config: Config, probe: bool) {
    let tenant = Tenant::new(config);
    let device = device(&tenant);
    let mut program = doctor(&tenant);
    if probe {
        program = program.args(["--probe", &device]);
    }
    with_settings!({filters => [
        (r"127\.0\.0\.1:\d+", "ADDRESS"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "TIME"),
        (r"\d+ s (ahead of|behind) Microsoft Graph's", "the same as Microsoft Graph's, to the second"),
        (r"issued \d s ago", "issued 0 s ago"),
        (r"in 23 h 59 min", "in 1 d 0 h"),
    ]}, {
        assert_snapshot!(name, transcript(&program.run()));
    });
}

#[test]
fn text_for_people() {
    assert_transcript("text_of_a_healthy_set_up", healthy(5), true);
    let mut config = healthy(5);
    config.tokens.roles = vec![READ.into()];
    assert_transcript("text_of_a_set_up_without_a_role", config, true);
    let mut config = healthy(5);
    config.identity.not_found = true;
    assert_transcript("text_of_a_set_up_without_an_identity", config, false);
}

#[test]
fn the_colour_is_that_of_the_outcome() {
    let mut config = healthy(5);
    config.tokens.roles = vec![READ.into()];
    let finished = doctor(&Tenant::new(config))
        .args(["--color", "always"])
        .run();
    assert!(
        finished.stdout.contains("\u{1b}[32m✓\u{1b}[0m identity"),
        "{finished:?}"
    );
    assert!(
        finished.stdout.contains("\u{1b}[31m✗\u{1b}[0m sync-role"),
        "{finished:?}"
    );
}
