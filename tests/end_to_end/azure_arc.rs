//! The managed identity of a server of Azure Arc: a challenge, and a key in a file of the agent's own folder.
//!
//! The folder is fixed. Where a test may not make it, or where a real agent has it, it says so and tests the rest.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{fs, path::Path};

use intune_sync_simulator::Config;

use crate::{
    program::Program,
    tenant::{Tenant, healthy, hurry},
};

const FOLDER: &str = "/var/opt/azcmagent/tokens";

/// How many keys are enough.
const KEYS: u32 = 20;

/// The agent's folder with keys in it, as long as it lives.
struct Keys;

impl Keys {
    /// `None` if it cannot be made here.
    fn new() -> Option<Self> {
        if Path::new("/opt/azcmagent").exists() {
            eprintln!("not tested: a real agent has {FOLDER}");
            return None;
        }
        if let Err(error) = fs::create_dir_all(FOLDER) {
            eprintln!("not tested: {FOLDER} cannot be made: {error}");
            return None;
        }
        for number in 0..KEYS {
            fs::write(
                format!("{FOLDER}/{number}.key"),
                format!("arc-key-{number}"),
            )
            .expect("the folder is ours");
        }
        Some(Self)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // What the test has made. Folders that hold anything else stay.
        for number in 0..KEYS {
            let _ = fs::remove_file(format!("{FOLDER}/{number}.key"));
        }
        for folder in Path::new(FOLDER).ancestors().take(2) {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn server(keys_in: &str, config: Config) -> Tenant {
    let mut config = config;
    config.identity.arc_keys_in = Some(keys_in.to_owned());
    Tenant::new(config)
}

/// As the agent surrounds it.
fn surrounded(tenant: &Tenant, program: Program) -> Program {
    hurry(program)
        .env("INTUNE_SYNC_GRAPH_URL", &tenant.root())
        .env(
            "IDENTITY_ENDPOINT",
            &format!("{}/metadata/identity/oauth2/token", tenant.root()),
        )
        .env("IMDS_ENDPOINT", &tenant.root())
}

fn sync(tenant: &Tenant) -> Program {
    surrounded(tenant, Program::new().args(["sync", "--yes"]))
}

/// One test: the folder is one for all.
#[cfg(target_os = "linux")]
#[test]
fn a_key_from_the_agents_folder_opens_the_endpoint() {
    let Some(_keys) = Keys::new() else { return };
    let tenant = server(FOLDER, healthy(5));
    let finished = sync(&tenant).args(["-v"]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let described = "tokens come from: managed identity (Azure Arc)";
    assert!(finished.stderr.contains(described), "{finished:?}");
    assert!(!finished.stderr.contains("arc-key-"), "{finished:?}");
    let statistics = tenant.statistics();
    assert_eq!(
        (statistics.requests.identity, statistics.tokens_issued),
        (2, 1)
    );

    let doctor = surrounded(&tenant, Program::new().args(["doctor"])).run();
    assert_eq!(doctor.code, 0, "{doctor:?}");
    assert!(
        doctor.stdout.contains("managed identity (Azure Arc)"),
        "{doctor:?}"
    );

    // The run outlives its tokens; each takes a key of its own.
    let mut config = healthy(160);
    config.tokens.lifetime_seconds = 2;
    let tenant = server(FOLDER, config);
    let (finished, account) = sync(&tenant)
        .args(["--batch-size", "40", "--batch-delay-seconds", "1.1"])
        .json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(account["SuccessCount"], 160);
    assert!(tenant.statistics().tokens_issued >= 2);

    // Another key than the one that the endpoint wants.
    fs::write(format!("{FOLDER}/0.key"), "guess-7f3a").expect("the folder is ours");
    let tenant = server(FOLDER, healthy(5));
    let finished = sync(&tenant).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let (error, hint) = finished.error();
    assert!(
        error.contains("(Azure Arc) returned 401: The key is wrong"),
        "{error}"
    );
    assert!(hint.contains("`himds`"), "{hint}");
    assert!(!finished.stderr.contains("guess-7f3a"), "{finished:?}");
}

/// Whatever listens there cannot have a file of its choice sent to it.
#[test]
fn no_file_elsewhere_is_read_or_sent() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::write(elsewhere.path().join("0.key"), "s3cret-file").expect("written");
    let elsewhere = elsewhere.path().display().to_string();
    for folder in [
        elsewhere.as_str(),
        &format!("{FOLDER}/../../../..{elsewhere}"),
        "",
    ] {
        let tenant = server(folder, healthy(5));
        let finished = sync(&tenant).run();
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (4, ""),
            "{finished:?}"
        );
        let (error, hint) = finished.error();
        assert_eq!(
            error,
            format!(
                "the endpoint of Azure Arc asks for the content of `{folder}/0.key`, which is not sent: it is not a `.key` \
                 file in the agent's folder"
            )
        );
        assert!(hint.contains("`IDENTITY_ENDPOINT`"), "{hint}");
        assert!(!finished.stderr.contains("s3cret"), "{finished:?}");
        let requests = tenant.statistics().requests;
        assert_eq!(
            (requests.identity, requests.total()),
            (1, 1),
            "no second request"
        );
    }
}

#[test]
fn what_the_agent_does_not_offer_is_refused() {
    let tenant = server(FOLDER, healthy(5));
    let id = "00112233-4455-6677-8899-aabbccddeeff";
    let finished = sync(&tenant).args(["--client-id", id]).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let (error, hint) = finished.error();
    assert_eq!(error, "a server of Azure Arc has no user-assigned identity");
    assert!(hint.contains("`--client-id`"), "{hint}");

    let elsewhere = "http://10.0.0.4:40342/metadata/identity/oauth2/token";
    let finished = sync(&tenant).env("IDENTITY_ENDPOINT", elsewhere).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let (error, _) = finished.error();
    assert!(
        error.contains("is not an `http` URL on this machine"),
        "{error}"
    );
    assert_eq!(tenant.statistics().requests.total(), 0);
}
