//! `--auth client-secret`: an app registration at Entra ID's token endpoint, over TLS.

use std::{fs, net::TcpListener, path::PathBuf};

use intune_sync_simulator::{Config, ExpiresIn, ExpiresOn};
use tempfile::TempDir;

use crate::{
    program::{Finished, Program},
    sources::{APP, TENANT},
    tenant::{Tenant, healthy, hurry},
    tls::{Front, TestAuthority},
};

/// A tenant with its Entra ID on loopback, and a client secret in a file.
struct Entra {
    tenant: Tenant,
    authority: TestAuthority,
    front: Front,
    folder: TempDir,
}

impl Entra {
    fn new(config: Config) -> Self {
        let tenant = Tenant::new(config);
        let authority = TestAuthority::new();
        let front = Front::of(&tenant, &authority, &["127.0.0.1"]);
        let folder = tempfile::tempdir().expect("a folder");
        let entra = Self {
            tenant,
            authority,
            front,
            folder,
        };
        fs::write(entra.secret(), "simulator").expect("written");
        entra
    }

    fn secret(&self) -> PathBuf {
        self.folder.path().join("client.secret")
    }

    fn sync(&self) -> Program {
        hurry(Program::new().args(["sync", "--yes", "--auth", "client-secret"]))
            .env("INTUNE_SYNC_GRAPH_URL", &self.tenant.root())
            .env(
                "INTUNE_SYNC_CA_FILE",
                &self.authority.file().display().to_string(),
            )
            .env(
                "INTUNE_SYNC_CLIENT_SECRET_FILE",
                &self.secret().display().to_string(),
            )
            .env("INTUNE_SYNC_TENANT_ID", TENANT)
            .env("INTUNE_SYNC_CLIENT_ID", APP)
            .env("AZURE_AUTHORITY_HOST", &self.front.root())
    }

    /// It ended without a token: exit code 4, one message with these words, one hint with those, nothing of Graph.
    fn denied(&self, finished: &Finished, words: &str, hint: &str) {
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (4, ""),
            "{finished:?}"
        );
        let (error, told) = finished.error();
        assert!(error.contains(words), "{words}: {finished:?}");
        assert!(told.contains(hint), "{hint}: {finished:?}");
        let requests = self.tenant.statistics().requests;
        assert_eq!(requests.total(), requests.identity, "nothing of Graph");
    }
}

#[test]
fn the_secret_comes_from_a_file_or_standard_input() {
    let entra = Entra::new(healthy(5));
    let finished = entra.sync().run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let piped = entra.sync().args(["--client-secret-file", "-", "-v"]);
    let finished = piped.run_with_input("simulator\r\n");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("tokens come from: client secret in standard input, app `"),
        "{finished:?}"
    );
    let statistics = entra.tenant.statistics();
    let asked = [format!("tenant={TENANT}"), format!("client_id={APP}")];
    assert_eq!(statistics.identities, asked.into());
    assert_eq!(statistics.tokens_issued, 2);
    assert!(entra.front.seen().iter().all(|seen| seen.protocol == "h2"));
}

#[test]
fn each_refusal_is_told_with_what_helps() {
    let entra = Entra::new(healthy(5));
    fs::write(entra.secret(), "guess-7f3a").expect("written");
    let finished = entra.sync().args(["-v"]).run();
    entra.denied(
        &finished,
        &format!(
            "the token endpoint `{}/{TENANT}/oauth2/v2.0/token` answered 401: AADSTS7000215: Invalid client secret",
            entra.front.root()
        ),
        "write the secret's value, not its id",
    );
    assert!(!finished.stderr.contains("guess-7f3a"), "{finished:?}");
    assert_eq!(
        entra.tenant.statistics().requests.identity,
        1,
        "a refusal is final"
    );

    let entra = Entra::new(healthy(5));
    let other = entra.sync().args(["--tenant-id", "contoso.com"]).run();
    entra.denied(&other, "answered 400: AADSTS90002: ", "`--cloud`");
    let other = entra
        .sync()
        .args(["--client-id", "00112233-4455-6677-8899-aabbccddeeff"])
        .run();
    entra.denied(&other, "answered 400: AADSTS700016: ", "`--client-id`");

    let mut config = healthy(5);
    config.entra.secret_expired = true;
    let entra = Entra::new(config);
    let finished = entra.sync().run();
    entra.denied(&finished, "AADSTS7000222", "make a new one");
}

#[test]
fn each_spelling_of_a_token_s_end_is_read() {
    for expires_on in [
        ExpiresOn::Absent,
        ExpiresOn::Text,
        ExpiresOn::Number,
        ExpiresOn::Date,
    ] {
        for expires_in in [ExpiresIn::Number, ExpiresIn::Text, ExpiresIn::Absent] {
            let mut config = healthy(5);
            config.entra.expires_on = expires_on;
            config.entra.expires_in = expires_in;
            let entra = Entra::new(config);
            let finished = entra.sync().run();
            assert_eq!(
                finished.code, 0,
                "{expires_on:?} {expires_in:?} {finished:?}"
            );
            assert_eq!(entra.tenant.statistics().requests.identity, 1);
        }
    }
}

#[test]
fn passing_trouble_is_tried_again() {
    let mut config = healthy(5);
    config.entra.failures = 1;
    config.entra.throttled = 1;
    let entra = Entra::new(config);
    let finished = entra.sync().run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(entra.tenant.statistics().requests.identity, 3);
}

/// No certificate but those of the system, which is said at once, and nobody there, after a few attempts.
#[test]
fn a_token_endpoint_that_cannot_be_reached_is_named() {
    let entra = Entra::new(healthy(5));
    let distrustful = entra.sync().env("INTUNE_SYNC_CA_FILE", "");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("https://{}", free.local_addr().expect("it is bound"));
    drop(free);
    let alone = entra.sync().env("AZURE_AUTHORITY_HOST", &nobody);
    let (distrustful, alone) = std::thread::scope(|scope| {
        let distrustful = scope.spawn(|| distrustful.run());
        (distrustful.join().expect("it ends"), alone.run())
    });
    entra.denied(
        &distrustful,
        &format!("no answer from the token endpoint `{}/", entra.front.root()),
        "`--ca-file`",
    );
    assert!(
        distrustful.stderr.contains("no secure connection to"),
        "{distrustful:?}"
    );
    entra.denied(&alone, "refused the connection", "`HTTPS_PROXY`");
    assert_eq!(entra.front.seen(), [], "no handshake was completed");
}

#[test]
fn no_variable_sends_the_secret_elsewhere() {
    let entra = Entra::new(healthy(5));
    for host in [
        "https://login.example",
        "https://login.microsoftonline.com.example/",
        "https://10.0.0.1",
        &format!("http://{}", entra.front.address),
    ] {
        let finished = entra.sync().env("AZURE_AUTHORITY_HOST", host).run();
        entra.denied(
            &finished,
            &format!("no secret is sent to `{host}`, which `AZURE_AUTHORITY_HOST` names"),
            "unset `AZURE_AUTHORITY_HOST`",
        );
    }
    let other = "https://login.microsoftonline.us/";
    let finished = entra.sync().env("AZURE_AUTHORITY_HOST", other).run();
    entra.denied(
        &finished,
        "is not the authority of `--cloud public`",
        "use `--cloud usgov`",
    );
    assert_eq!(entra.tenant.statistics().requests.total(), 0);
}
