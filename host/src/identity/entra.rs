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
use intune_sync_settings::Advice;

use super::{
    Environment, TokenSource, exchange::request_token, or_variable, secret_file::SecretFile,
};

/// What flags say of an app of workload identity, instead of its environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Federation {
    /// Instead of `AZURE_TENANT_ID`.
    pub(crate) tenant: Option<TenantId>,
    /// Instead of `AZURE_CLIENT_ID`.
    pub(crate) client_id: Option<Guid>,
    /// Instead of `AZURE_FEDERATED_TOKEN_FILE`.
    pub(crate) token_file: Option<PathBuf>,
}

/// An app that proves who it is by what is in a file. The file is read again for each token: its keeper may replace
/// what it holds at any time.
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
    pub(crate) fn with_secret(app: App, file: &Path, client: TokenClient) -> Result<Self, Advice> {
        Self::new(app, ProofKind::ClientSecret, file, client)
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
    ) -> Result<Self, Advice> {
        let file = match flags.token_file {
            Some(file) => file,
            None => environment
                .get(FEDERATED_TOKEN_FILE)
                .ok_or_else(|| absent(FEDERATED_TOKEN_FILE, "--token-file"))?
                .into(),
        };
        let app = App {
            authority,
            tenant: or_variable(
                flags.tenant,
                environment,
                (TENANT_ID, "--tenant-id"),
                absent,
            )?,
            client_id: or_variable(
                flags.client_id,
                environment,
                (CLIENT_ID, "--client-id"),
                absent,
            )?,
        };
        Self::new(app, ProofKind::Assertion, &file, client)
    }

    fn new(app: App, kind: ProofKind, file: &Path, client: TokenClient) -> Result<Self, Advice> {
        Ok(Self {
            file: SecretFile::open(file).map_err(|problem| unusable(kind, &problem))?,
            app,
            kind,
            client,
        })
    }

    /// A warning where others can read the file with a client secret. That with a federated token is the platform's,
    /// which makes it as it has to: Kubernetes lets everyone in the pod read it.
    pub(crate) fn warning(&self) -> Option<Advice> {
        match self.kind {
            ProofKind::ClientSecret => self.file.warning("client secret in"),
            _ => None,
        }
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let Self {
            app, kind, file, ..
        } = self;
        let proof = file.read().map_err(|problem| unusable(*kind, &problem))?;
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
            _ => "workload identity with the token in",
        };
        format!("{how} {}, {}", self.file.name(), self.app)
    }
}

fn absent(name: &str, flag: &str) -> Advice {
    Advice::new(
        format!("no workload identity here: `{name}` is not set"),
        format!(
            "AKS sets it in pods with the label `azure.workload.identity/use: \"true\"` and an annotated service account; \
             elsewhere give `{flag}`"
        ),
    )
}

fn unusable(kind: ProofKind, problem: &str) -> Advice {
    match kind {
        ProofKind::ClientSecret => Advice::new(
            format!("the client secret in {problem}"),
            "give `--client-secret-file` a file with the secret's value and nothing else, or `-` for standard input",
        ),
        _ => Advice::new(
            format!("the federated token in {problem}"),
            "`AZURE_FEDERATED_TOKEN_FILE` or `--token-file` names a file with a token of the issuer that the identity's \
             federated credential trusts, and nothing else",
        ),
    }
}
