//! `--auth workload-identity`: a token of another issuer in place of a secret. That the file is read again is tested
//! with the other sources: each of the simulator's assertions is good for one token.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use crate::{
    program::{Finished, Program},
    sources::{APP, TENANT},
    tenant::{Tenant, healthy, hurry},
    tls::{Front, TestAuthority},
};

/// A tenant with its Entra ID on loopback, and an assertion that it takes once in a file.
struct Pod {
    tenant: Tenant,
    authority: TestAuthority,
    front: Front,
    folder: TempDir,
}

impl Pod {
    fn new(lifetime_seconds: u32) -> Self {
        let mut config = healthy(160);
        config.entra.assertions = vec!["assertion-1".into()];
        config.tokens.lifetime_seconds = lifetime_seconds;
        let tenant = Tenant::new(config);
        let authority = TestAuthority::new();
        let front = Front::of(&tenant, &authority, &["127.0.0.1"]);
        let folder = tempfile::tempdir().expect("a folder");
        let pod = Self {
            tenant,
            authority,
            front,
            folder,
        };
        fs::write(pod.file(), "assertion-1\n").expect("written");
        pod
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("azure-identity-token")
    }

    /// As AKS surrounds it.
    fn sync(&self) -> Program {
        self.bare()
            .env(
                "AZURE_FEDERATED_TOKEN_FILE",
                &self.file().display().to_string(),
            )
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", APP)
    }

    /// Without what AKS sets, but for the address of Entra ID.
    fn bare(&self) -> Program {
        hurry(Program::new().args(["sync", "--yes", "--auth", "workload-identity"]))
            .env("INTUNE_SYNC_GRAPH_URL", &self.tenant.root())
            .env(
                "INTUNE_SYNC_CA_FILE",
                &self.authority.file().display().to_string(),
            )
            .env("AZURE_AUTHORITY_HOST", &format!("{}/", self.front.root()))
    }
}

fn denied(finished: &Finished, words: &str, hint: &str) {
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (4, ""),
        "{finished:?}"
    );
    let (error, told) = finished.error();
    assert!(error.contains(words), "{words}: {finished:?}");
    assert!(told.contains(hint), "{hint}: {finished:?}");
    assert!(!finished.stderr.contains("assertion-1"), "{finished:?}");
}

#[test]
fn flags_win_over_what_the_platform_says() {
    let pod = Pod::new(3600);
    let wrong = pod
        .bare()
        .env("AZURE_FEDERATED_TOKEN_FILE", "/nowhere")
        .env("AZURE_TENANT_ID", "contoso.com")
        .env("AZURE_CLIENT_ID", "00112233-4455-6677-8899-aabbccddeeff");
    let file = pod.file().display().to_string();
    let flags = [
        "--token-file",
        &file,
        "--tenant-id",
        TENANT,
        "--client-id",
        APP,
    ];
    let finished = wrong.args(flags).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let asked = [format!("tenant={TENANT}"), format!("client_id={APP}")];
    assert_eq!(pod.tenant.statistics().identities, asked.into());
}

#[test]
fn what_the_platform_has_not_set_is_named() {
    let pod = Pod::new(3600);
    for (name, flag) in [
        ("AZURE_FEDERATED_TOKEN_FILE", "`--token-file`"),
        ("AZURE_TENANT_ID", "`--tenant-id`"),
        ("AZURE_CLIENT_ID", "`--client-id`"),
    ] {
        let finished = pod.sync().env(name, "").run();
        denied(
            &finished,
            &format!("no workload identity here: `{name}` is not set"),
            flag,
        );
    }
    let finished = pod.sync().env("AZURE_CLIENT_ID", "me").run();
    denied(&finished, "`AZURE_CLIENT_ID` is `me`", "`--client-id`");
    let missing = pod.folder.path().join("missing").display().to_string();
    let finished = pod.sync().env("AZURE_FEDERATED_TOKEN_FILE", &missing).run();
    denied(
        &finished,
        &format!("the federated token in `{missing}` cannot be read"),
        "`AZURE_FEDERATED_TOKEN_FILE`",
    );
    assert_eq!(pod.tenant.statistics().requests.total(), 0);
}

#[test]
fn a_token_that_entra_id_does_not_trust_is_refused() {
    let pod = Pod::new(3600);
    fs::write(pod.file(), "of-another-issuer").expect("written");
    let finished = pod.sync().run();
    denied(
        &finished,
        "answered 400: AADSTS700213: ",
        "federated credential",
    );
    assert!(
        !finished.stderr.contains("of-another-issuer"),
        "{finished:?}"
    );
}

/// The file is not kept fresh: the run goes on until the last token ends, and says why it ended.
#[test]
fn a_federated_token_that_has_expired_ends_the_run_when_the_last_token_ends() {
    let pod = Pod::new(2);
    let (finished, account) = pod
        .sync()
        .args(["--batch-size", "20", "--batch-delay-seconds", "1.1"])
        .json();
    assert_eq!(finished.code, 4, "{finished:?}");
    let message = account["Error"]["Message"].as_str().expect("a text");
    assert!(message.contains("AADSTS700024"), "{message}");
    let hint = account["Error"]["Hint"].as_str().expect("a text");
    assert!(hint.contains("check what writes it"), "{hint}");
    let synced = account["SuccessCount"].as_u64().expect("a number");
    assert!((1..160).contains(&synced), "{account}");
    assert_eq!(pod.tenant.statistics().syncs_accepted, synced);
}
