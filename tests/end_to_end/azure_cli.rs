//! `--auth azure-cli`, with a stand-in for `az` on `PATH`.
#![cfg(unix)]

use std::{
    fs,
    io::Read,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use intune_sync_simulator::{ExpiresIn, ExpiresOn};
use tempfile::TempDir;

use crate::{
    program::{Finished, Program},
    running::Running,
    tenant::{Tenant, healthy, hurry},
};

/// An `az` in a folder.
pub(crate) struct StandIn {
    folder: PathBuf,
}

impl StandIn {
    /// One that does what a script says.
    fn doing(folder: &Path, script: &str) -> Self {
        let az = folder.join("az");
        let script = format!(
            "#!/bin/bash\necho \"$@\" >> {}\n{script}\n",
            folder.join("asked").display()
        );
        fs::write(&az, script).expect("written");
        fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).expect("it is ours");
        Self {
            folder: folder.to_owned(),
        }
    }

    /// One that gives tokens of a tenant, in the Azure CLI's own form.
    pub(crate) fn signed_in(folder: &Path, tenant: &Tenant) -> Self {
        let script = format!(
            r#"exec 3<>/dev/tcp/127.0.0.1/{port}
printf 'GET {path} HTTP/1.0\r\nX-IDENTITY-HEADER: simulator\r\n\r\n' >&3
sed -e '1,/^\r$/d' -e 's/access_token/accessToken/' -e 's/token_type/tokenType/' <&3"#,
            port = tenant.address.port(),
            path = "/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com",
        );
        Self::doing(folder, &script)
    }

    /// The same, with commands before and after.
    fn signed_in_and(folder: &Path, tenant: &Tenant, [before, after]: [&str; 2]) -> Self {
        let az = Self::signed_in(folder, tenant);
        let real = folder.join("real-az");
        fs::rename(folder.join("az"), &real).expect("it is there");
        let real = real.display();
        Self::doing(folder, &format!("{before}\n{real} \"$@\"\n{after}"));
        az
    }

    /// The value of `PATH` that has it in front.
    pub(crate) fn path(&self) -> String {
        let rest = std::env::var("PATH").expect("there is a path");
        format!("{}:{rest}", self.folder.display())
    }

    /// How it was called, one call a line.
    fn asked(&self) -> String {
        fs::read_to_string(self.folder.join("asked")).unwrap_or_default()
    }
}

fn sync(tenant: &Tenant, path: &str) -> Program {
    hurry(Program::new().args(["sync", "--yes", "--auth", "azure-cli"]))
        .env("INTUNE_SYNC_GRAPH_URL", &tenant.root())
        .env("PATH", path)
}

/// Runs it with an `az` that does what a script says.
fn with_az(script: &str) -> Finished {
    let folder = TempDir::new().expect("a folder");
    let tenant = Tenant::new(healthy(5));
    let az = StandIn::doing(folder.path(), script);
    let finished = sync(&tenant, &az.path()).run();
    assert_eq!(tenant.statistics().requests.total(), 0, "{finished:?}");
    finished
}

#[test]
fn it_is_asked_for_the_scope_of_the_cloud_and_the_tenant() {
    let folder = TempDir::new().expect("a folder");
    let mut config = healthy(5);
    config.identity.expires_on = ExpiresOn::Number;
    let tenant = Tenant::new(config);
    let az = StandIn::signed_in(folder.path(), &tenant);
    for (flags, asked) in [
        (vec![], "--scope https://graph.microsoft.com/.default"),
        (
            vec!["--tenant-id", "contoso.com", "--cloud", "china"],
            "--scope https://microsoftgraph.chinacloudapi.cn/.default --tenant contoso.com",
        ),
    ] {
        let finished = sync(&tenant, &az.path()).args(flags).run();
        assert_eq!(finished.code, 0, "{finished:?}");
        let call = format!("account get-access-token -o json {asked}");
        assert_eq!(az.asked().lines().last(), Some(call.as_str()));
    }
}

/// The Azure CLI writes a number since 2.54; older ones leave it out, and the token says it.
#[test]
fn each_spelling_of_a_token_s_end_is_read() {
    for expires_on in [
        ExpiresOn::Number,
        ExpiresOn::Text,
        ExpiresOn::Date,
        ExpiresOn::Absent,
    ] {
        let folder = TempDir::new().expect("a folder");
        let mut config = healthy(5);
        config.identity.expires_on = expires_on;
        config.identity.expires_in = ExpiresIn::Absent;
        let tenant = Tenant::new(config);
        let az = StandIn::signed_in(folder.path(), &tenant);
        let finished = sync(&tenant, &az.path()).run();
        assert_eq!(finished.code, 0, "{expires_on:?}: {finished:?}");
        assert_eq!(az.asked().lines().count(), 1, "{expires_on:?}");
    }
}

#[test]
fn what_it_says_when_it_has_no_token_is_told() {
    for (script, message, hint) in [
        (
            "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
            "the Azure CLI gave no token: Please run 'az login' to setup account",
            "sign in with `az login`",
        ),
        (
            "exit 3",
            "the Azure CLI gave no token: it ended with exit status: 3",
            "sign in with `az login`",
        ),
        (
            "echo eyJ0.no.json",
            "no token from the Azure CLI: its response is not a JSON object",
            "use Azure CLI 2.54 or later",
        ),
        (
            "echo '{\"accessToken\":\"opaque-secret\"}'",
            "no token from the Azure CLI: its response does not say when the token ends",
            "use Azure CLI 2.54 or later",
        ),
        (
            "echo '{\"accessToken\":\"opaque-secret\",\"expires_on\":1}'",
            "the token from the Azure CLI has expired already",
            "check the clock",
        ),
    ] {
        let finished = with_az(script);
        assert_eq!(finished.code, 4, "{script}: {finished:?}");
        let (error, told) = finished.error();
        assert!(error.starts_with(message), "{script}: {finished:?}");
        assert!(told.starts_with(hint), "{script}: {finished:?}");
        assert!(
            !finished.stderr.contains("eyJ") && !finished.stderr.contains("opaque-secret"),
            "{finished:?}"
        );
    }
}

#[test]
fn what_it_writes_around_its_json_is_passed_over() {
    for around in [
        [r"printf '\xef\xbb\xbf'", ""],
        [r"printf '\033[36m'", r"printf '\033[0m\n'"],
        ["echo 'WARNING: You have 2 updates available.'", ""],
        ["echo", "echo; echo 'A new release is there.'"],
    ] {
        let folder = TempDir::new().expect("a folder");
        let tenant = Tenant::new(healthy(5));
        let az = StandIn::signed_in_and(folder.path(), &tenant, around);
        let finished = sync(&tenant, &az.path()).run();
        assert_eq!(finished.code, 0, "{around:?}: {finished:?}");
        assert_eq!(tenant.statistics().syncs_accepted, 5);
    }
}

/// It ends, and a process that it has started keeps its pipes open.
#[test]
fn one_that_leaves_a_process_behind_is_not_waited_for() {
    let folder = TempDir::new().expect("a folder");
    let tenant = Tenant::new(healthy(5));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    // It lasts as long as this test.
    let left = format!("(exec 4<>/dev/tcp/127.0.0.1/{port}; cat <&4) &");
    let az = StandIn::signed_in_and(folder.path(), &tenant, ["", &left]);
    let finished = sync(&tenant, &az.path()).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().syncs_accepted, 5);
}

#[test]
fn without_an_azure_cli_that_is_said() {
    let folder = TempDir::new().expect("a folder");
    let tenant = Tenant::new(healthy(5));
    let finished = sync(&tenant, &folder.path().display().to_string()).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let (error, hint) = finished.error();
    assert_eq!(error, "there is no Azure CLI here: `az` is not on `PATH`");
    assert!(hint.starts_with("install it"), "{hint}");
}

/// Ctrl-C while it hangs ends the program, and `az` with all that it has started.
#[test]
fn one_that_hangs_is_not_left_behind() {
    let folder = TempDir::new().expect("a folder");
    let tenant = Tenant::new(healthy(5));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}\ncat <&3");
    let az = StandIn::doing(folder.path(), &script);
    let running = Running::start(sync(&tenant, &az.path()));
    let (mut held, _) = listener.accept().expect("az has started");
    running.signal("INT");
    assert_eq!(running.finish().code, 130);
    // Nobody holds the other end any more.
    held.set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a time");
    assert_eq!(held.read(&mut [0]).expect("the end"), 0);
}
