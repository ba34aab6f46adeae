//! Systems that issue a token to each job that they run, in which Entra ID trusts: GitHub Actions and Azure Pipelines.
//!
//! Such a token is good for a few minutes. So one is requested for each token for Graph, and a run can outlive it.

use core::fmt;

use form_urlencoded::Serializer;
use http::{Request, Response, Uri, header};
use intune_sync_ids::{Guid, Origin, Quoted, without_bom, without_user_info};
use intune_sync_settings::Advice;
use serde::Deserialize;

use crate::{
    Endpoint, Form, ProofKind, Secret, TokenError, TokenRequest, address::expect_no_user_info,
};

const GITHUB_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const GITHUB_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const AZURE_URL: &str = "SYSTEM_OIDCREQUESTURI";
const AZURE_TOKEN: &str = "SYSTEM_ACCESSTOKEN";
const AZURE_CONNECTION: &str = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";

/// The tenant of a service connection, as Azure Pipelines sets it.
pub const CONNECTION_TENANT_ID: &str = "AZURESUBSCRIPTION_TENANT_ID";
/// The client id of a service connection's identity, as Azure Pipelines sets it.
pub const CONNECTION_CLIENT_ID: &str = "AZURESUBSCRIPTION_CLIENT_ID";

/// All variables that these systems set for a job.
pub const PIPELINE_VARIABLES: [&str; 7] = [
    GITHUB_URL,
    GITHUB_TOKEN,
    AZURE_URL,
    AZURE_TOKEN,
    AZURE_CONNECTION,
    CONNECTION_TENANT_ID,
    CONNECTION_CLIENT_ID,
];

/// Whom Entra ID wants such a token to be for.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// What a job in GitHub has to be allowed to do.
const GRANT: &str =
    "give the job `permissions: id-token: write`, which makes GitHub Actions set it";

/// What a step in Azure Pipelines has to be given.
const MAP: &str = "map it in the step's `env`: `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`";

/// The job that this process runs in, and where its tokens are issued. It holds a secret, so there is no `Debug`.
#[derive(Clone)]
pub struct PipelineJob {
    system: System,
    url: Uri,
    token: Secret,
}

#[derive(Clone, Copy)]
enum System {
    GithubActions,
    AzurePipelines { connection: Guid },
}

impl PipelineJob {
    /// The job of GitHub Actions, as its variables describe it.
    ///
    /// # Errors
    ///
    /// When a variable is missing or makes no sense.
    pub fn of_github_actions<'a>(
        variable: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, Advice> {
        let system = System::GithubActions;
        let needed = |name| variable(name).ok_or_else(|| missing(name, system.name(), GRANT));
        Ok(Self {
            url: address(GITHUB_URL, needed(GITHUB_URL)?)?,
            token: secret(GITHUB_TOKEN, needed(GITHUB_TOKEN)?)?,
            system,
        })
    }

    /// The job of Azure Pipelines, as its variables describe it. `connection` is the service connection whose identity
    /// is used, instead of the one that the task names.
    ///
    /// # Errors
    ///
    /// When a variable is missing or makes no sense.
    pub fn of_azure_pipelines<'a>(
        variable: impl Fn(&str) -> Option<&'a str>,
        connection: Option<Guid>,
    ) -> Result<Self, Advice> {
        const AGENT: &str = "Azure Pipelines sets it in each step: run the program in a pipeline";
        const CONNECTION: &str = "give `--service-connection-id`, or run the program in an `AzureCLI@2` task, which sets it";

        let name = "Azure Pipelines";
        let needed = |key, hint| variable(key).ok_or_else(|| missing(key, name, hint));
        let url = needed(AZURE_URL, AGENT)?;
        let token = needed(AZURE_TOKEN, MAP)?;
        let connection = match connection {
            Some(connection) => connection,
            None => {
                let text = needed(AZURE_CONNECTION, CONNECTION)?;
                text.parse().map_err(|_| {
                    let text = Quoted::new(without_user_info(text));
                    Advice::new(
                        format!("`{AZURE_CONNECTION}` is `{text}`, which is not a GUID"),
                        "give `--service-connection-id`",
                    )
                })?
            }
        };
        Ok(Self {
            url: address(AZURE_URL, url)?,
            token: secret(AZURE_TOKEN, token)?,
            system: System::AzurePipelines { connection },
        })
    }

    /// The request for a token of the job's. It lacks what proves that it comes from the job: [`token`](Self::token),
    /// as a bearer token.
    #[must_use]
    pub fn request(&self) -> TokenRequest {
        let mut query = Serializer::new(String::new());
        let method = match self.system {
            System::GithubActions => {
                query.append_pair("audience", AUDIENCE);
                http::Method::GET
            }
            System::AzurePipelines { connection } => {
                query.append_pair("api-version", "7.1");
                query.append_pair("serviceConnectionId", &connection.to_string());
                http::Method::POST
            }
        };
        let separator = if self.url.query().is_some() { '&' } else { '?' };
        Request::builder()
            .method(method)
            .uri(format!("{}{separator}{}", self.url, query.finish()))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            // Azure DevOps responds with a page to sign in at otherwise.
            .header("x-tfs-fedauthredirect", "Suppress")
            .body(Form::default())
            .expect("a URL and an encoded query are a URL")
    }

    /// What proves that a request comes from the job.
    #[must_use]
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// How an app that trusts the job proves who it is.
    #[must_use]
    pub fn proof_kind(&self) -> ProofKind {
        match self.system {
            System::GithubActions => ProofKind::GithubActions,
            System::AzurePipelines { .. } => ProofKind::AzurePipelines,
        }
    }

    /// The endpoint as messages name it. Its path is long, and says nothing to people.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        let host = self
            .url
            .authority()
            .map_or("", http::uri::Authority::as_str);
        let trouble = "try again later; if it lasts, see the system's status page";
        let (unreadable, refused): (_, fn(&_) -> _) = match self.system {
            System::GithubActions => (
                "leave `ACTIONS_ID_TOKEN_REQUEST_URL` as GitHub Actions has set it",
                |_| {
                    "the job has ended, or may not request tokens: give it `permissions: id-token: write`, and leave \
                     `ACTIONS_ID_TOKEN_REQUEST_TOKEN` as GitHub Actions has set it"
                },
            ),
            System::AzurePipelines { .. } => (MAP, |_| {
                "check that `SYSTEM_ACCESSTOKEN` is `$(System.AccessToken)` of this job, that `--service-connection-id` is \
                 the id of a service connection with workload identity federation, and that the pipeline may use it"
            }),
        };
        Endpoint {
            name: format!("the token issuer of {} at `{host}`", self.system.name()),
            in_trouble: trouble,
            unreached: None,
            unreadable,
            absence_passes: false,
            refused,
        }
    }

    /// Reads the response to [`request`](Self::request): a token of the job's.
    ///
    /// # Errors
    ///
    /// When there is none in it.
    pub fn handle_response(
        &self,
        response: &Response<impl AsRef<[u8]>>,
    ) -> Result<Secret, TokenError> {
        #[derive(Deserialize)]
        struct Fields {
            value: Option<String>,
            #[serde(rename = "oidcToken")]
            oidc_token: Option<String>,
        }

        let endpoint = self.endpoint();
        let name = &endpoint.name;
        let body = endpoint.accept(response)?;
        let fields: Fields = serde_json::from_slice(without_bom(body)).map_err(|_| {
            endpoint.unusable_response(format!(
                "no token from {name}: its response is not a JSON object"
            ))
        })?;
        let (token, key) = match self.system {
            System::GithubActions => (fields.value, "value"),
            System::AzurePipelines { .. } => (fields.oidc_token, "oidcToken"),
        };
        let token = token.ok_or_else(|| {
            endpoint.unusable_response(format!("no token from {name}: its response has no `{key}`"))
        })?;
        Secret::parse(&token).map_err(|error| {
            endpoint.unusable_response(format!("no token from {name}: the token {error}"))
        })
    }
}

impl System {
    fn name(self) -> &'static str {
        match self {
            Self::GithubActions => "GitHub Actions",
            Self::AzurePipelines { .. } => "Azure Pipelines",
        }
    }
}

/// What it is: `GitHub Actions`.
impl fmt::Display for PipelineJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.system.name())
    }
}

fn missing(variable: &str, system: &str, hint: &str) -> Advice {
    Advice::new(
        format!("no job of {system} that may request tokens: `{variable}` is not set"),
        hint,
    )
}

/// Where tokens are issued: the job's token goes there, so it is https, or http on a loopback address.
fn address(variable: &str, text: &str) -> Result<Uri, Advice> {
    expect_no_user_info(variable, text)?;
    let url: Option<Uri> = text.trim().parse().ok();
    url.filter(|url| Origin::of(url).is_some()).ok_or_else(|| {
        Advice::new(
            format!(
                "`{variable}` is `{}`, which is not an `https` URL",
                Quoted::address(text)
            ),
            format!("leave `{variable}` as the system has set it: the job's token is sent there"),
        )
    })
}

fn secret(variable: &str, text: &str) -> Result<Secret, Advice> {
    Secret::parse(text.trim()).map_err(|problem| {
        Advice::new(
            format!("the value of `{variable}` {problem}"),
            format!("leave `{variable}` as the system has set it"),
        )
    })
}

#[cfg(test)]
mod tests;
