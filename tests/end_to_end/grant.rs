//! `grant`: the roles of an identity, by an administrator.

mod lying;

use std::path::PathBuf;

use insta::assert_snapshot;
use intune_sync_simulator::{Config, PrincipalConfig};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    books::{each, list},
    program::{Finished, Program, write_secret},
    schema,
    tenant::{Tenant, healthy},
};

/// The administrator's token.
pub(crate) const ADMIN: &str = "opaque-token-of-the-administrator";

const IDENTITY: &str = "00000000-0000-4000-8000-0000000b0001";
const READ: &str = "DeviceManagementManagedDevices.Read.All";
const READ_WRITE: &str = "DeviceManagementManagedDevices.ReadWrite.All";
const SYNC: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";

/// A tenant whose identity has no role, and whose identity endpoint keeps tokens as Azure does.
pub(crate) fn fresh(devices: u32) -> Config {
    let mut config = healthy(devices);
    config.tokens.roles.clear();
    config.identity.cache = true;
    config.directory.admin_token = Some(ADMIN.into());
    config
}

/// An administrator's own sign-in.
pub(crate) struct Admin {
    _folder: TempDir,
    token: PathBuf,
}

pub(crate) fn admin() -> Admin {
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("admin.token");
    write_secret(&token, ADMIN);
    Admin {
        _folder: folder,
        token,
    }
}

impl Admin {
    /// `intune-sync grant` in this tenant.
    pub(crate) fn grant(&self, tenant: &Tenant) -> Program {
        self.grant_at(&tenant.root())
    }

    /// The same at another root of Graph.
    fn grant_at(&self, root: &str) -> Program {
        let token = self.token.to_str().expect("UTF-8");
        Program::new().args([
            "grant",
            "--auth",
            "token-file",
            "--token-file",
            token,
            "--graph-url",
            root,
        ])
    }
}

/// A token that says this of itself.
pub(crate) fn jwt(claims: &Value) -> String {
    format!(
        "eyJhbGciOiJub25lIn0.{}.c2ln",
        base64url(claims.to_string().as_bytes())
    )
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let group = |at: usize| {
        let group = format!("{:0<6}", &bits[at..bits.len().min(at + 6)]);
        usize::from_str_radix(&group, 2).expect("binary digits")
    };
    (0..bits.len())
        .step_by(6)
        .map(|at| char::from(ALPHABET[group(at)]))
        .collect()
}

/// What it says as JSON, which keeps to its schema: the outcome of each role.
fn granted(program: Program) -> (Finished, Vec<(String, String)>) {
    let (finished, report) = program.json();
    schema::assert_grant(&finished.stdout);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(!format!("{finished:?}").contains(ADMIN), "{finished:?}");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let roles = list(&report, "Roles").iter();
    let roles = roles
        .map(|role| (text(&role["Role"]), text(&role["Outcome"])))
        .collect();
    (finished, roles)
}

fn outcomes(roles: &[(String, String)]) -> Vec<(&str, &str)> {
    roles
        .iter()
        .map(|(role, outcome)| (role.as_str(), outcome.as_str()))
        .collect()
}

fn doctor(tenant: &Tenant) -> Finished {
    let device = tenant.simulator.device_id(0).expect("a device");
    tenant.surround().args(["doctor", "--probe", &device]).run()
}

#[test]
fn granted_and_examined_twice_in_a_row() {
    let tenant = Tenant::new(fresh(20));
    let admin = admin();
    for outcome in ["assigned", "already-assigned"] {
        let (_, roles) = granted(admin.grant(&tenant).args(["--principal-id", IDENTITY]));
        assert_eq!(outcomes(&roles), [(READ, outcome), (SYNC, outcome)]);
        assert_eq!(
            tenant.simulator.roles(),
            [READ, SYNC],
            "the least that a sync takes"
        );
        let finished = doctor(&tenant);
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(
            finished
                .stdout
                .ends_with("\nready: this identity can list and sync devices here\n")
        );
    }
    let finished = tenant.sync().run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let statistics = tenant.statistics();
    assert_eq!(
        (statistics.roles_assigned, statistics.roles_revoked),
        (2, 0)
    );
    assert_eq!(
        (statistics.forbidden_writes, statistics.requests.other),
        (0, 0)
    );
}

/// As it is meant to be used, by someone who has signed in with `az login`.
#[cfg(unix)]
#[test]
fn the_azure_clis_sign_in_is_taken_unless_told_otherwise() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a folder");
    let az = folder.path().join("az");
    let reply = format!(
        r#"{{"accessToken":"{ADMIN}","expires_on":4102444800,"expiresOn":"2100-01-01 00:00:00.000000","tokenType":"Bearer"}}"#
    );
    let script = format!(
        "#!/bin/sh\necho \"$@\" > {}/asked\ncat <<'END'\n{reply}\nEND\n",
        folder.path().display()
    );
    std::fs::write(&az, script).expect("written");
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).expect("executable");
    let tenant = Tenant::new(fresh(5));
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let (_, roles) = granted(
        Program::new()
            .args([
                "grant",
                "--name",
                "intune-sync",
                "--graph-url",
                &tenant.root(),
            ])
            .env("PATH", &path),
    );
    assert_eq!(outcomes(&roles), [(READ, "assigned"), (SYNC, "assigned")]);
    assert_eq!(doctor(&tenant).code, 0);
    let asked = std::fs::read_to_string(folder.path().join("asked")).expect("it was run");
    assert!(asked.starts_with("account get-access-token "), "{asked}");
    assert!(
        asked.contains("https://graph.microsoft.com/.default"),
        "{asked}"
    );
}

#[test]
fn without_the_grant_the_same_tenant_is_not_ready() {
    let finished = doctor(&Tenant::new(fresh(20)));
    assert_eq!(finished.code, 4, "{finished:?}");
}

#[test]
fn the_runbooks_role_and_both_taken_away() {
    let tenant = Tenant::new(fresh(5));
    let admin = admin();
    let grant = || admin.grant(&tenant).args(["--name", "intune-sync"]);
    let (_, roles) = granted(grant().args(["--read-write"]));
    assert_eq!(
        outcomes(&roles),
        [(READ_WRITE, "assigned"), (SYNC, "assigned")]
    );
    assert_eq!(doctor(&tenant).code, 0);

    let (finished, roles) = granted(grant().args(["--revoke"]));
    assert_eq!(
        outcomes(&roles),
        [(READ, "not-assigned"), (SYNC, "revoked")]
    );
    assert_eq!(tenant.simulator.roles(), [READ_WRITE]);
    let warning = format!("warning: the identity keeps `{READ_WRITE}`\nhint: ");
    assert!(finished.stderr.contains(&warning), "{finished:?}");

    let (finished, roles) = granted(grant().args(["--revoke", "--read-write"]));
    assert_eq!(
        outcomes(&roles),
        [(READ_WRITE, "revoked"), (SYNC, "not-assigned")]
    );
    assert_eq!(tenant.simulator.roles(), Vec::<String>::new());
    assert!(!finished.stderr.contains("warning"), "{finished:?}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let tenant = Tenant::new(fresh(5));
    let admin = admin();
    let grant = || admin.grant(&tenant).args(["--name", "intune-sync"]);
    let (_, roles) = granted(grant().args(["--dry-run"]));
    assert_eq!(
        outcomes(&roles),
        [(READ, "would-assign"), (SYNC, "would-assign")]
    );
    let (_, roles) = granted(grant().args(["--dry-run", "--revoke"]));
    assert_eq!(
        outcomes(&roles),
        [(READ, "not-assigned"), (SYNC, "not-assigned")]
    );
    assert_eq!(tenant.simulator.roles(), Vec::<String>::new());
    granted(grant());
    let (_, roles) = granted(grant().args(["--dry-run", "--revoke"]));
    assert_eq!(
        outcomes(&roles),
        [(READ, "would-revoke"), (SYNC, "would-revoke")]
    );
    assert_eq!(tenant.simulator.roles(), [READ, SYNC]);
    let statistics = tenant.statistics();
    assert_eq!(
        (statistics.roles_assigned, statistics.roles_revoked),
        (2, 0)
    );
}

/// Its principal is not known to all of the directory at first.
#[test]
fn a_new_identity_is_waited_for() {
    // Graph's own principal, the identity's and its roles are read; each of the two assignments is one request.
    const UNDISTURBED: u64 = 5;
    let whom = [["--principal-id", IDENTITY], ["--name", "intune-sync"]];
    let cases = [(0, 2), (2, 0), (1, 2)];
    let cases = whom
        .into_iter()
        .flat_map(|whom| cases.map(|case| (whom, case)));
    each(cases, |(whom, (reads, assignments))| {
        let mut config = fresh(5);
        config.directory.unreplicated_reads = reads;
        config.directory.unreplicated_assignments = assignments;
        let tenant = Tenant::new(config);
        let (finished, roles) = granted(admin().grant(&tenant).args(whom));
        assert_eq!(outcomes(&roles), [(READ, "assigned"), (SYNC, "assigned")]);
        let requests = tenant.statistics().requests.directory;
        assert_eq!(
            requests,
            UNDISTURBED + u64::from(reads + assignments),
            "{finished:?}"
        );
        assert!(finished.stderr.contains("trying again"), "{finished:?}");
    });
}

#[test]
fn names_that_match_none_or_several_are_told() {
    let mut config = fresh(5);
    let other = |number: u8, name: &str, kind: &str| PrincipalConfig {
        id: format!("00000000-0000-4000-8000-0000000b00{number:02}"),
        app_id: format!("00000000-0000-4000-8000-0000000a00{number:02}"),
        name: name.into(),
        kind: kind.into(),
    };
    config.directory.principals = vec![
        other(11, "it's a twin", "ManagedIdentity"),
        other(12, "it's a twin", "Application"),
    ];
    let tenant = Tenant::new(config);
    let admin = admin();
    let refused = |name: &str, named: &[&str]| {
        let finished = admin.grant(&tenant).args(["--name", name]).run();
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (1, ""),
            "{finished:?}"
        );
        for word in named {
            assert!(finished.stderr.contains(word), "{word}: {finished:?}");
        }
    };
    refused(
        "nobody",
        &["no service principal is called `nobody`", "--principal-id"],
    );
    refused(
        "it's a twin",
        &[
            "2 service principals are called `it's a twin`",
            "00000000-0000-4000-8000-0000000b0011 (ManagedIdentity)",
            "00000000-0000-4000-8000-0000000b0012 (Application)",
            "--principal-id",
        ],
    );
    // A name cannot end its quotes.
    refused(
        "x' or displayName ne 'x",
        &["no service principal is called"],
    );
    assert_eq!(tenant.statistics().roles_assigned, 0);
}

#[test]
fn who_may_not_grant_is_told_so() {
    let grant = |scopes: &[&str], name: &[&str]| {
        let mut config = fresh(5);
        config.directory.admin_scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let tenant = Tenant::new(config);
        let finished = admin().grant(&tenant).args(name.iter().copied()).run();
        assert_eq!(tenant.statistics().roles_assigned, 0);
        finished
    };
    for scopes in [
        &[][..],
        &["Application.Read.All"],
        &["AppRoleAssignment.ReadWrite.All"],
    ] {
        let finished = grant(scopes, &["--principal-id", IDENTITY]);
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (4, ""),
            "{finished:?}"
        );
        assert!(
            finished.stderr.contains("403, Authorization_RequestDenied"),
            "{finished:?}"
        );
        assert!(
            finished
                .stderr
                .contains("hint: sign in as a Privileged Role Administrator"),
            "{finished:?}"
        );
    }
    // Another token than the administrator's.
    let tenant = Tenant::new(healthy(5));
    let finished = admin()
        .grant(&tenant)
        .args(["--principal-id", IDENTITY])
        .run();
    assert_eq!(finished.code, 4, "{finished:?}");
    assert!(
        finished.stderr.contains("refused the token (401"),
        "{finished:?}"
    );
}

#[test]
fn the_job_s_own_sign_in_is_not_taken() {
    let tenant = Tenant::new(fresh(5));
    let finished = admin()
        .grant(&tenant)
        .args(["--principal-id", IDENTITY])
        .env("INTUNE_SYNC_AUTH", "managed-identity")
        .env("INTUNE_SYNC_TOKEN_FILE", "/nowhere")
        .env("INTUNE_SYNC_GRAPH_URL", "https://graph.microsoft.com")
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().requests.identity, 0);
}

#[test]
fn text_for_people() {
    let tenant = Tenant::new(fresh(5));
    let admin = admin();
    let mut transcript = String::new();
    for args in ["", "--dry-run --revoke", "--revoke"] {
        let finished = admin
            .grant(&tenant)
            .args(["--principal-id", IDENTITY])
            .args(args.split_whitespace())
            .run();
        transcript += &format!(
            "$ grant --principal-id ID {args}\nexit code {}\n--- stdout\n{}--- stderr\n{}\n",
            finished.code, finished.stdout, finished.stderr
        );
    }
    assert_snapshot!(transcript);
}
