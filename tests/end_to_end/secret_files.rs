//! Files with secrets that every user of the machine can read: a warning, and nothing more.
#![cfg(unix)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use crate::{
    entra::Entra,
    program::{Finished, Program},
    sources::{APP, CERTIFICATE, KEY, TENANT},
    tenant::{Tenant, healthy},
};

const TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.eyJhcHBpZCI6IjAwMDAwMDAwIn0.c2lnbmF0dXJl";

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

/// The warning and the hint that follows it.
fn warning(finished: &Finished) -> Option<(&str, &str)> {
    assert_eq!(finished.code, 0, "{finished:?}");
    let mut lines = finished.stderr.lines();
    let warning = lines.find(|line| line.contains("is open to every user"))?;
    let hint = lines.next()?.strip_prefix("hint: ")?;
    Some((warning.strip_prefix("warning: ")?, hint))
}

/// The file's mode is named, for these modes and no others.
fn warned_of(path: &Path, what: &str, run: impl Fn() -> Finished) {
    let shown = path.display();
    for mode in ["0644", "0604", "0602", "0666"] {
        set_mode(path, u32::from_str_radix(mode, 8).expect("octal"));
        let finished = run();
        let (warning, hint) = warning(&finished).unwrap_or_else(|| panic!("{mode}: {finished:?}"));
        assert_eq!(
            warning,
            format!(
                "the {what} `{shown}` is open to every user of this machine: its mode is {mode}"
            )
        );
        assert!(hint.starts_with(&format!("`chmod 600 {shown}` ")), "{hint}");
    }
    for mode in [0o600, 0o400, 0o640, 0o660] {
        set_mode(path, mode);
        let finished = run();
        assert_eq!(warning(&finished), None, "{mode:o}: {finished:?}");
    }
}

#[test]
fn a_token_file_that_is_open_to_everyone_is_warned_of() {
    let mut config = healthy(3);
    config.tokens.fixed = Some(TOKEN.into());
    let tenant = Tenant::new(config);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("graph.token");
    fs::write(&path, TOKEN).expect("written");
    let program = |command: Program, path: &str| {
        command.args(["--auth", "token-file", "--token-file", path, "--quiet"])
    };
    let shown = path.display().to_string();
    warned_of(&path, "token file", || program(tenant.plan(), &shown).run());

    set_mode(&path, 0o644);
    let doctor = program(tenant.surround().args(["doctor"]), &shown).run();
    let words = format!("warning: the token file `{shown}` is open to every user");
    assert!(doctor.stderr.contains(&words), "{doctor:?}");
    let piped = program(tenant.plan(), "/dev/stdin").run_with_input(TOKEN);
    assert_eq!(warning(&piped), None, "{piped:?}");
}

#[test]
fn so_is_a_client_secret() {
    let entra = Entra::new(healthy(3), "simulator");
    let sync = || {
        entra
            .sync("client-secret")
            .env("INTUNE_SYNC_TENANT_ID", TENANT)
            .env("INTUNE_SYNC_CLIENT_ID", APP)
    };
    let file = entra.file().display().to_string();
    let with_file = || sync().env("INTUNE_SYNC_CLIENT_SECRET_FILE", &file).run();
    warned_of(&entra.file(), "client secret in", with_file);

    let piped = sync().args(["--client-secret-file", "-"]);
    let piped = piped.run_with_input("simulator");
    assert_eq!(warning(&piped), None, "{piped:?}");
}

#[test]
fn so_is_a_certificate_with_its_key_and_its_password() {
    let mut config = healthy(3);
    config.entra.certificate = Some(CERTIFICATE.into());
    let entra = Entra::new(config, &[CERTIFICATE, KEY].concat());
    let sync = || {
        entra
            .sync("client-certificate")
            .env("INTUNE_SYNC_TENANT_ID", TENANT)
            .env("INTUNE_SYNC_CLIENT_ID", APP)
    };
    let file = entra.file().display().to_string();
    let with_file = || {
        sync()
            .env("INTUNE_SYNC_CLIENT_CERTIFICATE_FILE", &file)
            .run()
    };
    warned_of(&entra.file(), "client certificate in", with_file);

    let folder = tempfile::tempdir().expect("a folder");
    let (pfx, password) = (
        folder.path().join("app.pfx"),
        folder.path().join("password"),
    );
    let pfx_bytes = include_bytes!("../../host/certificate/fixtures/openssl-3.pfx");
    fs::write(&pfx, pfx_bytes).expect("written");
    set_mode(&pfx, 0o600);
    fs::write(&password, "a päss word\n").expect("written");
    let with_password = || {
        sync()
            .env(
                "INTUNE_SYNC_CLIENT_CERTIFICATE_FILE",
                &pfx.display().to_string(),
            )
            .env(
                "INTUNE_SYNC_CLIENT_CERTIFICATE_PASSWORD_FILE",
                &password.display().to_string(),
            )
            .run()
    };
    warned_of(&password, "certificate's password in", with_password);
}

/// Kubernetes lets everyone in the pod read it, and nobody can change that.
#[test]
fn a_federated_token_is_the_platforms() {
    let mut config = healthy(3);
    config.entra.assertions = vec!["assertion-1".into()];
    let pod = Entra::new(config, "assertion-1\n");
    set_mode(&pod.file(), 0o644);
    let file = pod.file().display().to_string();
    let finished = pod
        .sync("workload-identity")
        .env("AZURE_FEDERATED_TOKEN_FILE", &file)
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", APP)
        .run();
    assert_eq!(warning(&finished), None, "{finished:?}");
}
