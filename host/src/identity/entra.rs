//! `--auth client-secret` and `--auth workload-identity`: an app of Entra ID that proves who it is, by its
//! secret or by a token of an issuer that Entra ID is configured to trust.

use std::path::{Path, PathBuf};

use futures::future::BoxFuture;
use intune_sync_egress::TokenClient;
use intune_sync_identity::{
    AccessToken, App, Authority, CLIENT_ID, FEDERATED_TOKEN_FILE, ProofKind, TENANT_ID, TenantId,
    TokenError,
};
use intune_sync_ids::Guid;

use super::{
    Environment, TokenSource,
    exchange::request_token,
    secret_file::{self, SecretFile},
};

/// What flags say of an app of workload identity, instead of its environment.
#[derive(Debug, Default)]
pub(crate) struct Federation {
    /// Instead of `AZURE_TENANT_ID`.
    pub(crate) tenant: Option<TenantId>,
    /// Instead of `AZURE_CLIENT_ID`.
    pub(crate) client_id: Option<Guid>,
    /// Instead of `AZURE_FEDERATED_TOKEN_FILE`.
    pub(crate) token_file: Option<PathBuf>,
}

/// An app that proves who it is by what is in a file. The file is read again for each token: its keeper may replace what
/// it holds at any time.
pub(crate) struct EntraApp {
    app: App,
    kind: ProofKind,
    file: SecretFile,
    client: TokenClient,
}

impl EntraApp {
    /// An app with a client secret in a file; `-` is standard input.
    ///
    /// # Errors
    ///
    /// Naming the file and what is wrong with it.
    pub(crate) fn with_secret(
        app: App,
        file: &Path,
        client: TokenClient,
    ) -> Result<Self, TokenError> {
        let file = SecretFile::open(file).map_err(|problem| {
            unusable(ProofKind::ClientSecret, &secret_file::name(file), &problem)
        })?;
        Ok(Self {
            app,
            kind: ProofKind::ClientSecret,
            file,
            client,
        })
    }

    /// An app with a token of another issuer, such as that of AKS, in a file.
    ///
    /// # Errors
    ///
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
        let file = SecretFile::open(&file).map_err(|problem| {
            unusable(ProofKind::Assertion, &secret_file::name(&file), &problem)
        })?;
        Ok(Self {
            app: App {
                authority,
                tenant,
                client_id,
            },
            kind: ProofKind::Assertion,
            file,
            client,
        })
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let Self {
            app, kind, file, ..
        } = self;
        let proof = file
            .read()
            .map_err(|problem| unusable(*kind, &file.name(), &problem))?;
        let request = app.request(*kind, &proof, scope);
        request_token(&self.client, request, &app.endpoint(*kind)).await
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
        let how = match self.kind {
            ProofKind::ClientSecret => "client secret in",
            ProofKind::Assertion => "workload identity with the token in",
        };
        format!("{how} {}, {}", self.file.name(), self.app)
    }
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
                "`{name}` is `{}`, which is not a valid id",
                value.escape_default()
            ),
            format!("correct the variable, or give `{flag}`"),
        )
    })
}

fn unusable(kind: ProofKind, name: &str, problem: &str) -> TokenError {
    match kind {
        ProofKind::ClientSecret => TokenError::denied(
            format!("the client secret in {name} {problem}"),
            "give `--client-secret-file` a file with the secret's value and nothing else, or `-` for standard input",
        ),
        ProofKind::Assertion => TokenError::denied(
            format!("the federated token in {name} {problem}"),
            "`AZURE_FEDERATED_TOKEN_FILE` or `--token-file` names a file with a token of the issuer that the identity's \
             federated credential trusts, and nothing else",
        ),
    }
}
