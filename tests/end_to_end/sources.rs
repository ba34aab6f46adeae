//! Every way to obtain a token, from the simulator over real sockets: each works, and goes on when tokens end or are
//! revoked during a run.

use std::{
    collections::VecDeque,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{body::Body, body::to_bytes, extract::Request, middleware, middleware::Next};
use intune_sync_simulator::{Config, Simulator};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    azure_cli::StandIn,
    books::{balance_to_the_device, each, number},
    program::Program,
    tenant::{Tenant, healthy, hurry},
    tls::{Front, TestAuthority},
};

pub(crate) const TENANT: &str = "00000000-0000-4000-8000-00000000beef";
pub(crate) const APP: &str = "00000000-0000-4000-8000-0000000a0001";
/// The test certificate of the app, and its key.
pub(crate) const CERTIFICATE: &str =
    include_str!("../../host/certificate/fixtures/certificate.pem");
pub(crate) const KEY: &str = include_str!("../../host/certificate/fixtures/key.pem");
/// What the simulated pipelines take.
pub(crate) const JOB_TOKEN: &str = "simulator-job-token";
pub(crate) const CONNECTION: &str = "00000000-0000-4000-8000-0000000d0001";
const PUBLIC: &str = "https://graph.microsoft.com";

/// A way to obtain a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    AppService,
    VirtualMachine,
    WorkloadIdentity,
    AzureCli,
    ClientSecret,
    ClientCertificate,
    GithubActions,
    AzurePipelines,
    TokenFile,
}

const ALL: [Source; 9] = [
    Source::AppService,
    Source::VirtualMachine,
    Source::WorkloadIdentity,
    Source::AzureCli,
    Source::ClientSecret,
    Source::ClientCertificate,
    Source::GithubActions,
    Source::AzurePipelines,
    Source::TokenFile,
];

/// A tenant, and a place from where it is synced with tokens of one source.
struct Place {
    tenant: Tenant,
    /// What lives as long as the place: its files, and those of the token endpoint's certificate authority.
    _kept: (TempDir, Option<TestAuthority>),
    variables: Vec<(&'static str, String)>,
}

impl Source {
    /// What `-v` says of it.
    fn described(self) -> &'static str {
        match self {
            Self::AppService => "managed identity (App Service)",
            Self::VirtualMachine => "managed identity (IMDS)",
            Self::WorkloadIdentity => "workload identity with the token in `",
            Self::AzureCli => "the Azure CLI",
            Self::ClientSecret => "client secret in `",
            Self::ClientCertificate => "client certificate in `",
            Self::GithubActions => "the job's token from GitHub Actions, app `",
            Self::AzurePipelines => "the job's token from Azure Pipelines, app `",
            Self::TokenFile => "token file `",
        }
    }

    fn place(self, mut config: Config) -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        config.entra.assertions = (0..20)
            .map(|number| format!("assertion-{number}"))
            .collect();
        config.entra.certificate = Some(CERTIFICATE.to_owned());
        let assertions = config.entra.assertions.clone();
        let tenant = Tenant::new(config);
        let mut variables = Vec::new();
        let mut set = |name, value: String| variables.push((name, value));
        let mut authority = None;
        set("INTUNE_SYNC_GRAPH_URL", tenant.root());
        match self {
            Self::AppService => {
                set("IDENTITY_ENDPOINT", format!("{}/msi/token", tenant.root()));
                set("IDENTITY_HEADER", "simulator".into());
            }
            Self::VirtualMachine => set("AZURE_POD_IDENTITY_AUTHORITY_HOST", tenant.root()),
            Self::WorkloadIdentity
            | Self::ClientSecret
            | Self::ClientCertificate
            | Self::GithubActions
            | Self::AzurePipelines => {
                let hook = match self {
                    Self::WorkloadIdentity => rotate(file.clone(), assertions),
                    _ => Arc::new(|_: &str| {}),
                };
                let ca = TestAuthority::new();
                let served = Front::hooked(&tenant, &ca, hook);
                set("AZURE_AUTHORITY_HOST", served.root());
                set("INTUNE_SYNC_CA_FILE", ca.file().display().to_string());
                authority = Some(ca);
                for (name, value) in self.app(&file, &served.root()) {
                    set(name, value);
                }
            }
            Self::AzureCli => {
                set("INTUNE_SYNC_AUTH", "azure-cli".into());
                set("PATH", StandIn::signed_in(folder.path(), &tenant).path());
            }
            Self::TokenFile => {
                let graph = serve_refreshing(&tenant, file.clone());
                set("INTUNE_SYNC_GRAPH_URL", format!("http://{graph}"));
                set("INTUNE_SYNC_AUTH", "token-file".into());
                set("INTUNE_SYNC_TOKEN_FILE", file.display().to_string());
            }
        }
        Place {
            tenant,
            _kept: (folder, authority),
            variables,
        }
    }
}

impl Source {
    /// What says who the app is, and by what it proves that. `root` is where tokens are issued.
    fn app(self, file: &Path, root: &str) -> Vec<(&'static str, String)> {
        let shown = file.display().to_string();
        match self {
            Self::WorkloadIdentity => vec![
                ("INTUNE_SYNC_AUTH", "workload-identity".into()),
                ("AZURE_FEDERATED_TOKEN_FILE", shown),
                ("AZURE_TENANT_ID", TENANT.into()),
                ("AZURE_CLIENT_ID", APP.into()),
            ],
            Self::ClientSecret => {
                fs::write(file, "simulator\n").expect("written");
                vec![
                    ("INTUNE_SYNC_AUTH", "client-secret".into()),
                    ("INTUNE_SYNC_CLIENT_SECRET_FILE", shown),
                    ("INTUNE_SYNC_TENANT_ID", TENANT.into()),
                    ("INTUNE_SYNC_CLIENT_ID", APP.into()),
                ]
            }
            Self::ClientCertificate => {
                fs::write(file, [CERTIFICATE, KEY].concat()).expect("written");
                vec![
                    ("INTUNE_SYNC_AUTH", "client-certificate".into()),
                    ("INTUNE_SYNC_CLIENT_CERTIFICATE_FILE", shown),
                    ("INTUNE_SYNC_TENANT_ID", TENANT.into()),
                    ("INTUNE_SYNC_CLIENT_ID", APP.into()),
                ]
            }
            Self::GithubActions => vec![
                ("INTUNE_SYNC_AUTH", "github-actions".into()),
                (
                    "ACTIONS_ID_TOKEN_REQUEST_URL",
                    format!("{root}/actions/idtoken"),
                ),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", JOB_TOKEN.into()),
                ("AZURE_TENANT_ID", TENANT.into()),
                ("AZURE_CLIENT_ID", APP.into()),
            ],
            Self::AzurePipelines => vec![
                ("INTUNE_SYNC_AUTH", "azure-pipelines".into()),
                (
                    "SYSTEM_OIDCREQUESTURI",
                    format!("{root}/pipelines/oidctoken"),
                ),
                ("SYSTEM_ACCESSTOKEN", JOB_TOKEN.into()),
                ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", CONNECTION.into()),
                ("AZURESUBSCRIPTION_TENANT_ID", TENANT.into()),
                ("AZURESUBSCRIPTION_CLIENT_ID", APP.into()),
            ],
            Self::AppService | Self::VirtualMachine | Self::AzureCli | Self::TokenFile => {
                Vec::new()
            }
        }
    }
}

impl Place {
    fn sync(&self) -> Program {
        let program = hurry(Program::new().args(["sync", "--yes"]));
        self.variables
            .iter()
            .fold(program, |program, (name, value)| program.env(name, value))
    }
}

/// Puts the next assertion into the file whenever one was used, as the platform does in its own time.
fn rotate(file: PathBuf, assertions: Vec<String>) -> Arc<dyn Fn(&str) + Send + Sync> {
    let left = Mutex::new(VecDeque::from(assertions));
    let next = move || {
        let assertion = left.lock().expect("no panic").pop_front();
        fs::write(&file, assertion.expect("there are enough")).expect("written");
    };
    next();
    Arc::new(move |path| {
        if path.ends_with("/oauth2/v2.0/token") {
            next();
        }
    })
}

/// Serves the tenant a second time, as what keeps a token file fresh: a new token is in it ten times a second, and
/// before each response, so that one that says the last is revoked comes after the next is there.
fn serve_refreshing(tenant: &Tenant, file: PathBuf) -> SocketAddr {
    let file = Arc::new(Fresh {
        simulator: tenant.simulator.clone(),
        file,
        turn: tokio::sync::Mutex::default(),
    });
    tenant.block_on(file.refresh());
    let clock = Arc::clone(&file);
    tenant.spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            tick.tick().await;
            clock.refresh().await;
        }
    });
    let router = tenant.simulator.router();
    let router = router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let file = Arc::clone(&file);
        async move {
            let response = next.run(request).await;
            file.refresh().await;
            response
        }
    }));
    let listener = tenant.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0)));
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    tenant.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    address
}

/// A file with the newest token of a tenant.
struct Fresh {
    simulator: Simulator,
    file: PathBuf,
    turn: tokio::sync::Mutex<()>,
}

impl Fresh {
    async fn refresh(&self) {
        const PATH: &str = "/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com";

        let _turn = self.turn.lock().await;
        let request = Request::get(PATH)
            .header("x-identity-header", "simulator")
            .body(Body::empty())
            .expect("well formed");
        let response = self.simulator.respond(request).await.into_body();
        let response = to_bytes(response, 1 << 20).await.expect("a body");
        let response: Value = serde_json::from_slice(&response).expect("JSON");
        // In one step, so that nobody reads a half of it.
        let new = self.file.with_extension("new");
        fs::write(&new, response["access_token"].as_str().expect("a token")).expect("written");
        fs::rename(&new, &self.file).expect("renamed");
    }
}

#[test]
fn each_source_gives_a_token_that_graph_takes() {
    each(ALL, |source| {
        let place = source.place(healthy(30));
        let (finished, account) = place.sync().args(["-v"]).json();
        assert_eq!(finished.code, 0, "{source:?}: {finished:?}");
        let books = balance_to_the_device(&place.tenant, &account);
        assert_eq!(books.unauthorized, 0, "{source:?}");
        assert_eq!(books.audiences, [PUBLIC.to_owned()].into(), "{source:?}");
        if source != Source::TokenFile {
            assert_eq!(books.tokens_issued, 1, "{source:?}");
        }
        let described = format!("tokens come from: {}", source.described());
        assert!(
            finished.stderr.contains(&described),
            "{source:?}: {finished:?}"
        );
        let shown = format!("{}{}", finished.stdout, finished.stderr);
        for secret in ["eyJ", "assertion-", JOB_TOKEN, "BEGIN"] {
            assert!(!shown.contains(secret), "{source:?}: {finished:?}");
        }
    });
}

#[test]
fn each_source_renews_a_token_before_it_ends() {
    each(ALL, |source| {
        let mut config = healthy(160);
        config.tokens.lifetime_seconds = 2;
        let place = source.place(config);
        let (finished, account) = place
            .sync()
            .args(["--batch-size", "40", "--batch-delay-seconds", "1.1"])
            .json();
        assert_eq!(finished.code, 0, "{source:?}: {finished:?}");
        let books = balance_to_the_device(&place.tenant, &account);
        assert!(books.tokens_issued >= 2, "{source:?}: {books:?}");
        assert_eq!(number(&account, "RetryCount"), 0, "{source:?}");
    });
}

#[test]
fn each_source_gives_one_new_token_for_one_that_was_revoked() {
    each(ALL, |source| {
        let mut config = healthy(300);
        config.tokens.revoke_after_writes = vec![100];
        let place = source.place(config);
        let (finished, lines) = place
            .sync()
            .args(["--dispatch", "single", "--batch-size", "300"])
            .jsonl();
        assert_eq!(finished.code, 0, "{source:?}: {finished:?}");
        let account = lines.last().expect("a summary");
        let books = balance_to_the_device(&place.tenant, account);
        assert!(books.unauthorized >= 1, "{source:?}: {books:?}");
        assert_eq!(books.devices_synced_more_than_once, 0, "{source:?}");
        if source != Source::TokenFile {
            assert_eq!(books.tokens_issued, 2, "{source:?}");
        }
        let renewals = lines.iter().filter(|line| line["event"] == "token-renewed");
        assert_eq!(renewals.count(), 1, "{source:?}");
    });
}
