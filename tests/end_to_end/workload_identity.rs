//! `--auth workload-identity`: a token from another issuer instead of a secret. That the file is read again is tested
//! with the other sources: each of the simulator's assertions is good for one token.

use std::fs;

use crate::{
    entra::Entra,
    program::{Finished, Program},
    sources::{APP, TENANT},
    tenant::healthy,
};

/// A pod's surroundings, with an assertion that is good for one token.
fn pod(lifetime_seconds: u32) -> Entra {
    let mut config = healthy(160);
    config.entra.assertions = vec!["assertion-1".into()];
    config.tokens.lifetime_seconds = lifetime_seconds;
    Entra::new(config, "assertion-1\n")
}

/// As AKS surrounds it.
fn sync(pod: &Entra) -> Program {
    bare(pod)
        .env(
            "AZURE_FEDERATED_TOKEN_FILE",
            &pod.file().display().to_string(),
        )
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", APP)
}

/// Without what AKS sets.
fn bare(pod: &Entra) -> Program {
    pod.sync("workload-identity")
}

fn denied(pod: &Entra, finished: &Finished, words: &str, hint: &str) {
    pod.denied(finished, words, hint);
    assert!(!finished.stderr.contains("assertion-1"), "{finished:?}");
}

#[test]
fn flags_win_over_what_the_platform_says() {
    let pod = pod(3600);
    let wrong = bare(&pod)
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
    let pod = pod(3600);
    for (name, flag) in [
        ("AZURE_FEDERATED_TOKEN_FILE", "`--token-file`"),
        ("AZURE_TENANT_ID", "`--tenant-id`"),
        ("AZURE_CLIENT_ID", "`--client-id`"),
    ] {
        let finished = sync(&pod).env(name, "").run();
        denied(
            &pod,
            &finished,
            &format!("no workload identity here: `{name}` is not set"),
            flag,
        );
    }
    let finished = sync(&pod).env("AZURE_CLIENT_ID", "me").run();
    denied(
        &pod,
        &finished,
        "`AZURE_CLIENT_ID` is `me`",
        "`--client-id`",
    );
    let missing = pod.file().with_file_name("missing").display().to_string();
    let finished = sync(&pod).env("AZURE_FEDERATED_TOKEN_FILE", &missing).run();
    denied(
        &pod,
        &finished,
        &format!("the federated token in `{missing}` cannot be read"),
        "`AZURE_FEDERATED_TOKEN_FILE`",
    );
    assert_eq!(pod.tenant.statistics().requests.total(), 0);
}

#[test]
fn a_token_that_entra_id_does_not_trust_is_refused() {
    let pod = pod(3600);
    fs::write(pod.file(), "of-another-issuer").expect("written");
    let finished = sync(&pod).run();
    denied(
        &pod,
        &finished,
        "returned 400: AADSTS700213: ",
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
    let pod = pod(2);
    let (finished, account) = sync(&pod)
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
