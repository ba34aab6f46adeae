//! Each way to obtain tokens in a run of three hours on virtual time, with tokens for Graph that last one hour and
//! tokens of a job that last five minutes.

use intune_sync_certificate::ClientCertificate;
use intune_sync_engine::{
    Run,
    contract::{Dispatch, Pace, Settings, Summary},
};
use intune_sync_identity::{
    App, Authority, ManagedIdentity, Naming, PipelineJob, Platform, Secret,
};
use intune_sync_settings::Cloud;
use intune_sync_simulation::{Observer, Proof, Source, run_with};
use intune_sync_simulator::{Config, Latency, QuotaKind, Statistics, Tenant};

/// 2027-01-15T08:00:00Z: the test certificate is valid from November 2026 on.
const STARTED_AT: i64 = 1_800_000_000;
const HOUR: u64 = 3_600_000;
/// One device every ten minutes, for three hours.
const DEVICES: u32 = 19;
const CERTIFICATE: &str = include_str!("../../../host/certificate/fixtures/certificate.pem");
const KEY: &str = include_str!("../../../host/certificate/fixtures/key.pem");

/// How long the run has lasted.
#[derive(Default)]
struct Lasted(u64);

impl Observer for Lasted {
    fn settled(&mut self, now: u64, _run: &mut Run, _tenant: &Tenant) -> bool {
        self.0 = now;
        true
    }
}

fn app() -> App {
    let config = Config::default().entra;
    App {
        authority: Authority::new(Cloud::Public, Some("https://localhost"), Naming::Flags)
            .expect("loopback"),
        tenant: config.tenant.parse().expect("a tenant"),
        client_id: config.client_id.parse().expect("a GUID"),
    }
}

fn managed(variables: &[(&str, &str)]) -> Source {
    let variable = |name: &str| value(variables, name);
    Source::Managed(ManagedIdentity {
        platform: Platform::discover(variable, Naming::Flags).expect("good variables"),
        user_assigned: None,
    })
}

fn value<'a>(variables: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    let found = variables.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value)
}

fn of_app(proof: Proof) -> Source {
    Source::App { app: app(), proof }
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("visible ASCII")
}

fn certificate() -> Proof {
    let file = [CERTIFICATE, KEY].concat();
    let certificate = ClientCertificate::read(file.as_bytes(), None).expect("it is good");
    Proof::Certificate {
        certificate: Box::new(certificate),
        started_at: STARTED_AT,
    }
}

fn github() -> Proof {
    let variables = [
        (
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "https://localhost/actions/idtoken",
        ),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "simulator-job-token"),
    ];
    Proof::Job(PipelineJob::of_github_actions(|name| value(&variables, name)).expect("a job"))
}

fn azure_pipelines() -> Proof {
    let variables = [
        (
            "SYSTEM_OIDCREQUESTURI",
            "https://localhost/pipelines/oidctoken",
        ),
        ("SYSTEM_ACCESSTOKEN", "simulator-job-token"),
        (
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
            "00000000-0000-4000-8000-0000000d0001",
        ),
    ];
    let job = PipelineJob::of_azure_pipelines(|name| value(&variables, name), None);
    Proof::Job(job.expect("a job"))
}

fn config() -> Config {
    let mut config = Config {
        started_at: Some(STARTED_AT.unsigned_abs() * 1_000),
        latency: Latency {
            min_ms: 20,
            max_ms: 300,
        },
        ..Config::default()
    };
    config.fleet.devices = DEVICES;
    config.quota.kind = QuotaKind::Off;
    config.tokens.lifetime_seconds = 3_600;
    config.identity.expires_on = intune_sync_simulator::ExpiresOn::Absent;
    config.entra.certificate = Some(CERTIFICATE.to_owned());
    config.entra.assertions = (0..9).map(|number| format!("assertion-{number}")).collect();
    config
}

/// Three hours with the tokens of a source.
fn three_hours(source: Source, config: Config) -> (Summary, Statistics, u64) {
    let mut tenant = Tenant::new(config);
    let settings = Settings {
        batch_size: 1,
        batch_delay: HOUR / 6,
        dispatch: Dispatch::Batch,
        pace: Pace::Fixed,
        started_at: STARTED_AT.unsigned_abs() * 1_000,
        ..Settings::default()
    };
    let mut lasted = Lasted::default();
    let summary = run_with(source, settings, &mut tenant, &mut lasted);
    (summary, tenant.statistics().clone(), lasted.0)
}

#[test]
fn every_source_renews_past_the_end_of_its_tokens() {
    let assertions = (0..9).map(|number| secret(&format!("assertion-{number}")));
    let endpoint = ("IDENTITY_ENDPOINT", "http://localhost/msi/token");
    let arc = "http://localhost/metadata/identity/oauth2/token";
    for source in [
        managed(&[endpoint, ("IDENTITY_HEADER", "simulator")]),
        managed(&[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://localhost")]),
        managed(&[
            ("IDENTITY_ENDPOINT", arc),
            ("IMDS_ENDPOINT", "http://localhost"),
        ]),
        of_app(Proof::Secret(secret("simulator"))),
        of_app(Proof::File(assertions.collect())),
        of_app(certificate()),
        of_app(github()),
        of_app(azure_pipelines()),
    ] {
        let name = source.to_string();
        let mut config = config();
        if name.contains("Arc") {
            config.identity.arc_keys_in = Some("/var/opt/azcmagent/tokens".to_owned());
        }
        let (summary, statistics, lasted) = three_hours(source, config);
        assert_eq!(summary.success, DEVICES, "{name}: {summary:?}");
        assert!(lasted >= 3 * HOUR, "{name}: {lasted} ms");
        assert_eq!(statistics.unauthorized, 0, "{name}");
        // At the start, and whenever four fifths of an hour are over.
        assert_eq!(statistics.tokens_issued, 4, "{name}");
        let is_job = ["GitHub Actions", "Azure Pipelines"].contains(&name.as_str());
        assert_eq!(
            statistics.job_tokens_issued,
            if is_job { 4 } else { 0 },
            "{name}"
        );
    }
}
