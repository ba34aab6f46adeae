//! `--auth github-actions` and `--auth azure-pipelines`: an app that trusts the job that the program runs in.

use futures::future::BoxFuture;
use intune_sync_egress::{Proof, TokenClient};
use intune_sync_identity::{
    AccessToken, App, Authority, CLIENT_ID, CONNECTION_CLIENT_ID, CONNECTION_TENANT_ID,
    PipelineJob, TENANT_ID, TenantId, TokenError,
};
use intune_sync_ids::Guid;
use intune_sync_settings::Advice;

use super::{
    Environment, TokenSource,
    exchange::{exchange, request_token},
    or_variable,
};

/// What flags say of an app, instead of its environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct AppFlags {
    /// Instead of a variable with the tenant.
    pub(crate) tenant: Option<TenantId>,
    /// Instead of a variable with the client id.
    pub(crate) client_id: Option<Guid>,
}

/// An app that proves who it is by a token that its job is issued. That lives for minutes, so it is requested anew for
/// each token for Graph.
pub(crate) struct PipelineApp {
    app: App,
    job: PipelineJob,
    client: TokenClient,
}

impl PipelineApp {
    /// The app of a job in GitHub Actions.
    ///
    /// # Errors
    ///
    /// When neither a flag nor the environment names the app, or when this is not such a job.
    pub(crate) fn of_github_actions(
        authority: Authority,
        flags: AppFlags,
        environment: &Environment,
        client: TokenClient,
    ) -> Result<Self, Advice> {
        let job = PipelineJob::of_github_actions(|name| environment.get(name))?;
        let names = [TENANT_ID, CLIENT_ID];
        Self::new(authority, flags, (environment, names), job, client)
    }

    /// The app of a service connection in Azure Pipelines.
    ///
    /// # Errors
    ///
    /// As for a job in GitHub Actions.
    pub(crate) fn of_azure_pipelines(
        authority: Authority,
        (flags, connection): (AppFlags, Option<Guid>),
        environment: &Environment,
        client: TokenClient,
    ) -> Result<Self, Advice> {
        let job = PipelineJob::of_azure_pipelines(|name| environment.get(name), connection)?;
        let names = [CONNECTION_TENANT_ID, CONNECTION_CLIENT_ID];
        Self::new(authority, flags, (environment, names), job, client)
    }

    fn new(
        authority: Authority,
        flags: AppFlags,
        (environment, [tenant, client_id]): (&Environment, [&str; 2]),
        job: PipelineJob,
        client: TokenClient,
    ) -> Result<Self, Advice> {
        let absent = |name: &str, flag: &str| {
            Advice::new(
                format!("{job} does not name the identity: `{name}` is not set"),
                format!("give `{flag}`, or set the variable in the job"),
            )
        };
        let app = App {
            authority,
            tenant: or_variable(flags.tenant, environment, (tenant, "--tenant-id"), absent)?,
            client_id: or_variable(
                flags.client_id,
                environment,
                (client_id, "--client-id"),
                absent,
            )?,
        };
        Ok(Self { app, job, client })
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let Self { app, job, client } = self;
        let proof = Proof::JobToken(job.token());
        let response = exchange(client, Some(proof), job.request(), &job.endpoint()).await?;
        let assertion = job.handle_response(&response)?;
        let kind = job.proof_kind();
        let request = app.request(kind, &assertion, scope);
        request_token(client, request, &app.endpoint(kind)).await
    }
}

impl TokenSource for PipelineApp {
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        _renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(self.token(scope))
    }

    fn describe(&self) -> String {
        format!("the job's token from {}, {}", self.job, self.app)
    }
}
