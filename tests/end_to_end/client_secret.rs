//! `--auth client-secret`: an app registration at Entra ID's token endpoint, over TLS.

use std::{fs, net::TcpListener};

use intune_sync_simulator::{Config, ExpiresIn, ExpiresOn};

use crate::{
    entra::Entra,
    program::Program,
    sources::{APP, TENANT},
    tenant::healthy,
};

fn registered(config: Config) -> Entra {
    Entra::new(config, "simulator")
}

fn sync(entra: &Entra) -> Program {
    entra
        .sync("client-secret")
        .env(
            "INTUNE_SYNC_CLIENT_SECRET_FILE",
            &entra.file().display().to_string(),
        )
        .env("INTUNE_SYNC_TENANT_ID", TENANT)
        .env("INTUNE_SYNC_CLIENT_ID", APP)
}

#[test]
fn the_secret_comes_from_a_file_or_standard_input() {
    let entra = registered(healthy(5));
    let finished = sync(&entra).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let piped = sync(&entra).args(["--client-secret-file", "-", "-v"]);
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
    let entra = registered(healthy(5));
    fs::write(entra.file(), "guess-7f3a").expect("written");
    let finished = sync(&entra).args(["-v"]).run();
    entra.denied(
        &finished,
        &format!(
            "the token endpoint `{}/{TENANT}/oauth2/v2.0/token` returned 401: AADSTS7000215: Invalid client secret",
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

    let entra = registered(healthy(5));
    let other = sync(&entra).args(["--tenant-id", "contoso.com"]).run();
    entra.denied(&other, "returned 400: AADSTS90002: ", "`--cloud`");
    let other = sync(&entra)
        .args(["--client-id", "00112233-4455-6677-8899-aabbccddeeff"])
        .run();
    entra.denied(&other, "returned 400: AADSTS700016: ", "`--client-id`");

    let mut config = healthy(5);
    config.entra.secret_expired = true;
    let entra = registered(config);
    let finished = sync(&entra).run();
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
            let entra = registered(config);
            let finished = sync(&entra).run();
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
    let entra = registered(config);
    let finished = sync(&entra).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(entra.tenant.statistics().requests.identity, 3);
}

/// No certificate but those of the system, which is said at once, and nobody there, after a few attempts.
#[test]
fn a_token_endpoint_that_cannot_be_reached_is_named() {
    let entra = registered(healthy(5));
    let distrustful = sync(&entra).env("INTUNE_SYNC_CA_FILE", "");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("https://{}", free.local_addr().expect("it is bound"));
    drop(free);
    let alone = sync(&entra).env("AZURE_AUTHORITY_HOST", &nobody);
    let (distrustful, alone) = std::thread::scope(|scope| {
        let distrustful = scope.spawn(|| distrustful.run());
        (distrustful.join().expect("it ends"), alone.run())
    });
    entra.denied(
        &distrustful,
        &format!(
            "no response from the token endpoint `{}/",
            entra.front.root()
        ),
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
    let entra = registered(healthy(5));
    for host in [
        "https://login.example",
        "https://login.microsoftonline.com.example/",
        "https://10.0.0.1",
        &format!("http://{}", entra.front.address),
    ] {
        let finished = sync(&entra).env("AZURE_AUTHORITY_HOST", host).run();
        entra.denied(
            &finished,
            &format!("no secret is sent to `{host}`, which `AZURE_AUTHORITY_HOST` names"),
            "unset `AZURE_AUTHORITY_HOST`",
        );
    }
    let other = "https://login.microsoftonline.us/";
    let finished = sync(&entra).env("AZURE_AUTHORITY_HOST", other).run();
    entra.denied(
        &finished,
        "is not the authority of `--cloud public`",
        "use `--cloud usgov`",
    );
    assert_eq!(entra.tenant.statistics().requests.total(), 0);
}
