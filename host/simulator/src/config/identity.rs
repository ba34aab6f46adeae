//! Where tokens come from.

use serde::{Deserialize, Serialize};

/// The identity endpoints of App Service and of virtual machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// The required value of `X-IDENTITY-HEADER`.
    pub header: String,
    /// The only identity: a request must name it as `client_id`, `principal_id`, `object_id`, `mi_res_id` or
    /// `msi_res_id`. `None`: any request gets a token.
    pub only: Option<String>,
    /// The endpoint of virtual machines is that of Azure Arc, whose keys are in this folder. The first request without
    /// a key gets the name of `0.key` in it, the next that of `1.key`; the key in `0.key` is `arc-key-0`, and each is
    /// good for one request. The simulator does not write these files.
    pub arc_keys_in: Option<String>,
    /// How `expires_on` is written.
    pub expires_on: ExpiresOn,
    /// How `expires_in` is written.
    pub expires_in: ExpiresIn,
    /// Whether the same token is returned until it expires, even if it was revoked, as Azure does.
    pub cache: bool,
    /// Whether each request fails with 400: there is no such identity.
    pub not_found: bool,
    /// This many requests at the start fail with 500.
    pub failures: u32,
    /// This many requests after those are throttled with 429.
    pub throttled: u32,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            header: "simulator".into(),
            only: None,
            arc_keys_in: None,
            expires_on: ExpiresOn::Text,
            expires_in: ExpiresIn::Text,
            cache: false,
            not_found: false,
            failures: 0,
            throttled: 0,
        }
    }
}

/// Entra ID's token endpoint, `POST /{tenant}/oauth2/v2.0/token`, with one app that can prove who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EntraConfig {
    /// The only tenant, in lower case.
    pub tenant: String,
    /// The app's client id, in lower case.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: String,
    /// Whether the secret has expired.
    pub secret_expired: bool,
    /// The app's certificate, as PEM.
    pub certificate: Option<String>,
    /// Whether the certificate has expired.
    pub certificate_expired: bool,
    /// The other issuer's tokens that match the app's federated credential. Each can be exchanged once, as if it had
    /// expired by the next request.
    pub assertions: Vec<String>,
    /// How `expires_on` is written.
    pub expires_on: ExpiresOn,
    /// How `expires_in` is written.
    pub expires_in: ExpiresIn,
    /// This many requests at the start fail with 503.
    pub failures: u32,
    /// This many requests after those are throttled with 429.
    pub throttled: u32,
}

impl Default for EntraConfig {
    fn default() -> Self {
        Self {
            tenant: "00000000-0000-4000-8000-00000000beef".into(),
            client_id: "00000000-0000-4000-8000-0000000a0001".into(),
            client_secret: "simulator".into(),
            secret_expired: false,
            certificate: None,
            certificate_expired: false,
            assertions: Vec::new(),
            expires_on: ExpiresOn::Absent,
            expires_in: ExpiresIn::Number,
            failures: 0,
            throttled: 0,
        }
    }
}

/// Systems that issue a token to each job that they run: GitHub Actions at `GET /actions/idtoken`, Azure Pipelines at
/// `POST /pipelines/oidctoken`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PipelinesConfig {
    /// The token that proves that a request comes from the job.
    pub job_token: String,
    /// The service connection that the pipeline may use, in lower case.
    pub service_connection: String,
    /// How long an issued token is good for, in seconds. It can be exchanged once.
    pub lifetime_seconds: u32,
    /// Whether the app has a federated credential that matches.
    pub trusted: bool,
    /// This many requests at the start fail with 503.
    pub failures: u32,
}

impl Default for PipelinesConfig {
    fn default() -> Self {
        Self {
            job_token: "simulator-job-token".into(),
            service_connection: "00000000-0000-4000-8000-0000000d0001".into(),
            lifetime_seconds: 300,
            trusted: true,
            failures: 0,
        }
    }
}

/// How `expires_on` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiresOn {
    /// Seconds since 1970, as a string.
    Text,
    /// Seconds since 1970, as a number.
    Number,
    /// `11/23/2026 04:50:00 +00:00`.
    Date,
    /// Not at all.
    Absent,
}

/// How `expires_in` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiresIn {
    /// Seconds from now, as a string.
    Text,
    /// Seconds from now, as a number.
    Number,
    /// Not at all.
    Absent,
}
