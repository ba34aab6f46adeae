//! `--auth client-secret` and `--auth workload-identity`: an app of Entra ID that proves who it is, by a secret of its
//! own or by a token of an issuer that Entra ID was told to trust.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::Secret as AzureSecret;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::{Body, ClientMethodOptions, ClientOptions, Method, Request};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions,
};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE};
use intune_sync_ids::Guid;

use super::azure::{self, Courier, Place, Refusal};
use super::environment::{CLIENT_ID, FEDERATED_TOKEN_FILE, TENANT_ID};
use super::secret_file::{self, SecretFile};
use super::{AccessToken, Authority, Environment, Secret, TenantId, TokenError, TokenSource};
use intune_sync_egress::{ClientError, TokenClient};

/// How long a fetch may take, with all its retries.
const DEADLINE: Duration = Duration::from_secs(100);

/// An app registration or a user-assigned identity, in a tenant.
pub(crate) struct App {
    /// Who is asked for its tokens.
    pub(crate) authority: Authority,
    /// Where it lives.
    pub(crate) tenant: TenantId,
    /// Its client (application) id.
    pub(crate) client_id: Guid,
}

/// What an app of workload identity is given by flags, in place of what its environment says.
#[derive(Debug, Default)]
pub(crate) struct Federation {
    /// In place of `AZURE_TENANT_ID`.
    pub(crate) tenant: Option<TenantId>,
    /// In place of `AZURE_CLIENT_ID`.
    pub(crate) client_id: Option<Guid>,
    /// In place of `AZURE_FEDERATED_TOKEN_FILE`.
    pub(crate) token_file: Option<PathBuf>,
}

/// An app that proves who it is.
pub(crate) struct EntraApp {
    app: App,
    proof: Proof,
    client: TokenClient,
}

/// How it does. Either file is read again for each token: who keeps it may replace what it holds at any time.
enum Proof {
    ClientSecret(SecretFile),
    /// The file holds a token of another issuer.
    Assertion(SecretFile),
}

impl EntraApp {
    /// An app with a client secret in a file; `-` is standard input.
    ///
    /// # Errors
    /// Naming the file and what is wrong with it.
    pub(crate) fn with_secret(
        app: App,
        file: &Path,
        client: TokenClient,
    ) -> Result<Self, TokenError> {
        let file = SecretFile::open(file)
            .map_err(|problem| unusable_secret(&secret_file::name(file), &problem))?;
        Ok(Self {
            app,
            proof: Proof::ClientSecret(file),
            client,
        })
    }

    /// An app with a token of another issuer, such as that of AKS, in a file.
    ///
    /// # Errors
    /// When neither a flag nor the environment names the app or the file; naming the file and what is wrong with it.
    pub(crate) fn federated(
        authority: Authority,
        flags: Federation,
        environment: &Environment,
        client: TokenClient,
    ) -> Result<Self, TokenError> {
        let file = match flags.token_file {
            Some(file) => file,
            None => variable(environment, FEDERATED_TOKEN_FILE, "--token-file")?.into(),
        };
        let tenant = match flags.tenant {
            Some(tenant) => tenant,
            None => parsed(environment, TENANT_ID, "--tenant-id")?,
        };
        let client_id = match flags.client_id {
            Some(client_id) => client_id,
            None => parsed(environment, CLIENT_ID, "--client-id")?,
        };
        let file = SecretFile::open(&file)
            .map_err(|problem| unusable_assertion(&secret_file::name(&file), &problem))?;
        Ok(Self {
            app: App {
                authority,
                tenant,
                client_id,
            },
            proof: Proof::Assertion(file),
            client,
        })
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let courier = Courier::new(self.client.clone(), Box::new(forward));
        let mut cloud = azure_core::cloud::CustomConfiguration::default();
        cloud.authority_host = self.app.authority.to_string();
        let client_options = ClientOptions {
            cloud: Some(Arc::new(cloud.into())),
            ..azure::over(courier)
        };
        let (tenant, client_id) = (self.app.tenant.to_string(), self.app.client_id.to_string());
        let place = self.place();
        match &self.proof {
            Proof::ClientSecret(file) => {
                let secret = file
                    .read()
                    .map_err(|problem| unusable_secret(&file.name(), &problem))?;
                let credential = ClientSecretCredential::new(
                    &tenant,
                    client_id,
                    AzureSecret::new(secret.expose().to_owned()),
                    Some(ClientSecretCredentialOptions { client_options }),
                );
                azure::obtain(credential, scope, DEADLINE, &place).await
            }
            Proof::Assertion(file) => {
                let secret = file
                    .read()
                    .map_err(|problem| unusable_assertion(&file.name(), &problem))?;
                let credential = ClientAssertionCredential::new(
                    tenant,
                    client_id,
                    Assertion(secret),
                    Some(ClientAssertionCredentialOptions { client_options }),
                );
                azure::obtain(credential, scope, DEADLINE, &place).await
            }
        }
    }

    fn place(&self) -> Place {
        Place {
            name: format!(
                "the token endpoint `{}/{}/oauth2/v2.0/token`",
                self.app.authority, self.app.tenant
            ),
            in_trouble: "try again later; if it lasts, see Azure's service health",
            unreached: ClientError::hint,
            unreadable: "check `AZURE_AUTHORITY_HOST`, and what stands between this machine and Entra ID",
            refused: match &self.proof {
                Proof::ClientSecret(_) => |refusal| {
                    hint(refusal).unwrap_or(
                        "check `--tenant-id`, `--client-id` and the secret in `--client-secret-file`",
                    )
                },
                Proof::Assertion(_) => |refusal| {
                    hint(refusal).unwrap_or(
                        "check `--tenant-id` (`AZURE_TENANT_ID`), `--client-id` (`AZURE_CLIENT_ID`) and the identity's \
                         federated credential",
                    )
                },
            },
        }
    }
}

impl TokenSource for EntraApp {
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        _renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(self.token(scope))
    }

    fn describe(&self) -> String {
        let App {
            authority,
            tenant,
            client_id,
        } = &self.app;
        let how = match &self.proof {
            Proof::ClientSecret(file) => format!("client secret in {}", file.name()),
            Proof::Assertion(file) => {
                format!("workload identity with the token in {}", file.name())
            }
        };
        format!("{how}, app `{client_id}` in tenant `{tenant}` at `{authority}`")
    }
}

/// Sends what `azure_identity` has written, as it stands: a POST of a form to the authority that it was given.
fn forward(request: &Request) -> Result<http::Request<Bytes>, Error> {
    debug_assert_eq!(request.method(), Method::Post);
    let Body::Bytes(body) = request.body() else {
        return Err(Error::with_message(
            ErrorKind::Other,
            "a form is not a stream",
        ));
    };
    http::Request::post(request.url().as_str())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.clone())
        .map_err(|error| Error::new(ErrorKind::Other, error))
}

/// A token of another issuer. Its `Debug` does not show it.
#[derive(Debug)]
struct Assertion(Secret);

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.expose().to_owned())
    }
}

/// What helps against the errors that Entra ID has a number for.
///
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>
fn hint(refusal: &Refusal) -> Option<&'static str> {
    refusal.codes.iter().find_map(|code| {
        Some(match code {
            7_000_215 => "write the secret's value, not its id, to the file of `--client-secret-file`",
            7_000_222 => "the client secret has expired: make a new one for the app registration",
            700_016 | 7_000_229 => {
                "check `--client-id`, and that the app is there in the tenant of `--tenant-id`"
            }
            90_002 | 900_023 => "check `--tenant-id`, and that `--cloud` is the tenant's",
            70_021 | 700_211 | 700_212 | 700_213 => {
                "give the identity a federated credential with the issuer, subject and audience of the token in the \
                 file"
            }
            700_024 => {
                "the token in the file has expired or is not valid yet: check what writes it, and the clock of this \
                 machine"
            }
            500_011 => "check that `--cloud` is the tenant's",
            _ => return None,
        })
    })
}

fn variable<'a>(
    environment: &'a Environment,
    name: &str,
    flag: &str,
) -> Result<&'a str, TokenError> {
    let value = environment.get(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        TokenError::denied(
            format!("no workload identity here: `{name}` is not set"),
            format!(
                "AKS sets it in pods with the label `azure.workload.identity/use: \"true\"` and an annotated service \
                 account; elsewhere give `{flag}`"
            ),
        )
    })
}

fn parsed<T: std::str::FromStr>(
    environment: &Environment,
    name: &str,
    flag: &str,
) -> Result<T, TokenError> {
    let value = variable(environment, name, flag)?;
    value.parse().map_err(|_| {
        TokenError::denied(
            format!(
                "`{name}` is `{}`, which is no such id",
                value.escape_default()
            ),
            format!("correct the variable, or give `{flag}`"),
        )
    })
}

fn unusable_secret(name: &str, problem: &str) -> TokenError {
    TokenError::denied(
        format!("the client secret in {name} {problem}"),
        "give `--client-secret-file` a file with the secret's value and nothing else, or `-` for standard input",
    )
}

fn unusable_assertion(name: &str, problem: &str) -> TokenError {
    TokenError::denied(
        format!("the federated token in {name} {problem}"),
        "`AZURE_FEDERATED_TOKEN_FILE` or `--token-file` names a file with a token of the issuer that the identity's \
         federated credential trusts, and nothing else",
    )
}
