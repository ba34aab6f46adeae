//! `--auth github-actions` and `--auth azure-pipelines`: a job's own token, requested anew for each token for Graph,
//! over TLS. That a run outlives the tokens is tested with the other sources: each of the simulator's is good for one
//! exchange.

use intune_sync_simulator::Config;

use crate::{
    books::each,
    entra::Entra,
    program::{Finished, Program},
    sources::{APP, CONNECTION, JOB_TOKEN, TENANT},
    tenant::healthy,
};

const GITHUB: &str = "github-actions";
const AZURE: &str = "azure-pipelines";
const BOTH: [&str; 2] = [GITHUB, AZURE];

fn place(config: Config) -> Entra {
    Entra::new(config, "")
}

/// What the system sets for each job, and the workflow in addition.
fn variables(entra: &Entra, auth: &str) -> Vec<(&'static str, String)> {
    let root = entra.front.root();
    match auth {
        GITHUB => vec![
            (
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                format!("{root}/actions/idtoken?api-version=2.0"),
            ),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", JOB_TOKEN.into()),
            ("AZURE_TENANT_ID", TENANT.into()),
            ("AZURE_CLIENT_ID", APP.into()),
        ],
        _ => vec![
            (
                "SYSTEM_OIDCREQUESTURI",
                format!("{root}/pipelines/oidctoken"),
            ),
            ("SYSTEM_ACCESSTOKEN", JOB_TOKEN.into()),
            ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", CONNECTION.into()),
            ("AZURESUBSCRIPTION_TENANT_ID", TENANT.into()),
            ("AZURESUBSCRIPTION_CLIENT_ID", APP.into()),
        ],
    }
}

fn surrounded(program: Program, variables: &[(&'static str, String)]) -> Program {
    variables
        .iter()
        .fold(program, |program, (name, value)| program.env(name, value))
}

fn sync(entra: &Entra, auth: &str) -> Program {
    surrounded(entra.sync(auth), &variables(entra, auth))
}

fn shows_no_secret(finished: &Finished) {
    let shown = format!("{}{}", finished.stdout, finished.stderr);
    for secret in [JOB_TOKEN, "eyJ"] {
        assert!(!shown.contains(secret), "{finished:?}");
    }
}

#[test]
fn the_job_s_token_is_exchanged_for_one_for_graph() {
    each(BOTH, |auth| {
        let entra = place(healthy(5));
        let finished = sync(&entra, auth).args(["-v"]).run();
        assert_eq!(finished.code, 0, "{finished:?}");
        shows_no_secret(&finished);
        let statistics = entra.tenant.statistics();
        assert_eq!(statistics.job_tokens_issued, 1);
        assert_eq!(statistics.tokens_issued, 1);
        for identity in [format!("tenant={TENANT}"), format!("client_id={APP}")] {
            assert!(statistics.identities.contains(&identity), "{statistics:?}");
        }
        let audience = "audience=api://AzureADTokenExchange";
        assert_eq!(statistics.identities.contains(audience), auth == GITHUB);
    });
}

#[test]
fn flags_win_over_what_the_system_says() {
    each(BOTH, |auth| {
        let entra = place(healthy(5));
        let other = "00112233-4455-6677-8899-aabbccddeeff";
        let mut wrong = sync(&entra, auth);
        for name in [
            "AZURE_TENANT_ID",
            "AZURE_CLIENT_ID",
            "AZURESUBSCRIPTION_TENANT_ID",
            "AZURESUBSCRIPTION_CLIENT_ID",
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
        ] {
            wrong = wrong.env(name, other);
        }
        let flags = ["--tenant-id", TENANT, "--client-id", APP];
        let mut right = wrong.args(flags);
        if auth == AZURE {
            right = right.args(["--service-connection-id", CONNECTION]);
        }
        let finished = right.run();
        assert_eq!(finished.code, 0, "{finished:?}");
    });
}

#[test]
fn a_variable_that_is_missing_is_wrong_usage_and_says_what_to_grant() {
    let entra = place(healthy(5));
    for (auth, name, hint) in [
        (
            GITHUB,
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "`permissions: id-token: write`",
        ),
        (
            GITHUB,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "`permissions: id-token: write`",
        ),
        (GITHUB, "AZURE_TENANT_ID", "`--tenant-id`"),
        (GITHUB, "AZURE_CLIENT_ID", "`--client-id`"),
        (
            AZURE,
            "SYSTEM_OIDCREQUESTURI",
            "run the program in a pipeline",
        ),
        (
            AZURE,
            "SYSTEM_ACCESSTOKEN",
            "`SYSTEM_ACCESSTOKEN: $(System.AccessToken)`",
        ),
        (
            AZURE,
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
            "`--service-connection-id`",
        ),
        (AZURE, "AZURESUBSCRIPTION_TENANT_ID", "`--tenant-id`"),
        (AZURE, "AZURESUBSCRIPTION_CLIENT_ID", "`--client-id`"),
    ] {
        let finished = sync(&entra, auth).env(name, "").run();
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (2, ""),
            "{finished:?}"
        );
        let (error, told) = finished.error();
        assert!(
            error.contains(&format!("`{name}` is not set")),
            "{finished:?}"
        );
        assert!(told.contains(hint), "{finished:?}");
        shows_no_secret(&finished);
        let doctor = surrounded(entra.doctor(auth), &variables(&entra, auth));
        assert_eq!(doctor.env(name, "").run().code, 2);
    }
    for (auth, name) in [
        (GITHUB, "ACTIONS_ID_TOKEN_REQUEST_URL"),
        (AZURE, "SYSTEM_OIDCREQUESTURI"),
    ] {
        let finished = sync(&entra, auth)
            .env(name, "http://issuer.example/x")
            .run();
        assert_eq!(finished.code, 2, "{finished:?}");
        let (error, _) = finished.error();
        assert_eq!(
            error,
            format!("`{name}` is `http://issuer.example/x`, which is not an `https` URL")
        );
    }
    assert_eq!(entra.tenant.statistics().requests.total(), 0);
}

#[test]
fn each_refusal_says_whose_it_is_and_what_helps() {
    each(BOTH, |auth| {
        let entra = place(healthy(5));
        let token = match auth {
            GITHUB => "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            _ => "SYSTEM_ACCESSTOKEN",
        };
        let finished = sync(&entra, auth).env(token, "guess-7f3a").run();
        let (issuer, grant) = match auth {
            GITHUB => ("the token issuer of GitHub Actions at `", "id-token: write"),
            _ => (
                "the token issuer of Azure Pipelines at `",
                "$(System.AccessToken)",
            ),
        };
        entra.denied(&finished, issuer, grant);
        assert!(!finished.stderr.contains("guess-7f3a"), "{finished:?}");

        let mut config = healthy(5);
        config.pipelines.trusted = false;
        let entra = place(config);
        let finished = sync(&entra, auth).run();
        let credential = match auth {
            GITHUB => "`https://token.actions.githubusercontent.com`",
            _ => "that the service connection shows",
        };
        entra.denied(&finished, "returned 400: AADSTS70021: ", credential);

        // It has expired by the time that it is exchanged.
        let mut config = healthy(5);
        config.pipelines.lifetime_seconds = 0;
        let entra = place(config);
        let finished = sync(&entra, auth).run();
        entra.denied(
            &finished,
            "returned 401: AADSTS700024: ",
            "issued just before",
        );
        shows_no_secret(&finished);
    });
    let entra = place(healthy(5));
    let other = "00112233-4455-6677-8899-aabbccddeeff";
    let finished = sync(&entra, AZURE)
        .args(["--service-connection-id", other])
        .args(["--deadline", "1s"])
        .run();
    assert_ne!(finished.code, 0, "{finished:?}");
}

#[test]
fn passing_trouble_of_the_issuer_is_tried_again() {
    each(BOTH, |auth| {
        let mut config = healthy(5);
        config.pipelines.failures = 1;
        config.entra.failures = 1;
        let entra = place(config);
        let finished = sync(&entra, auth).run();
        assert_eq!(finished.code, 0, "{finished:?}");
        // One that fails, one whose token is not exchanged, one whose is.
        assert_eq!(entra.tenant.statistics().requests.identity, 5);
        assert_eq!(entra.tenant.statistics().job_tokens_issued, 2);
    });
}

#[test]
fn the_doctor_names_the_system_and_the_app() {
    each(BOTH, |auth| {
        let entra = place(healthy(5));
        let doctor = surrounded(entra.doctor(auth), &variables(&entra, auth));
        let finished = doctor.run();
        assert_eq!(finished.code, 0, "{finished:?}");
        let system = match auth {
            GITHUB => "GitHub Actions",
            _ => "Azure Pipelines",
        };
        let identity = format!("the job's token from {system}, app `{APP}` in tenant `{TENANT}`");
        assert!(finished.stdout.contains(&identity), "{finished:?}");
        shows_no_secret(&finished);
    });
}
