//! `--auth azure-cli`: whoever is signed in to the Azure CLI on this machine.

use std::ffi::OsStr;
use std::io;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions, Executor};
use futures::future::BoxFuture;
use tokio::process::{Child, Command};

use super::azure::answer::Answer;
use super::azure::{self, Place, one_line};
use super::{AccessToken, TenantId, TokenError, TokenSource};

/// How long `az` may take. It is a Python program that may have to renew its own sign-in.
const DEADLINE: Duration = Duration::from_secs(60);

const IN_TROUBLE: &str =
    "run `az account get-access-token --resource-type ms-graph` to see what it does";

/// The Azure CLI. It keeps tokens of its own, so a renewal may give the same token again; nothing makes it forget one.
pub(crate) struct AzureCli {
    tenant: Option<TenantId>,
}

impl AzureCli {
    /// Whoever is signed in, in a tenant or in the one that the CLI takes by itself.
    pub(crate) fn new(tenant: Option<TenantId>) -> Self {
        Self { tenant }
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let place = Place {
            name: "the Azure CLI".to_owned(),
            in_trouble: IN_TROUBLE,
            unreadable: "use Azure CLI 2.54 or later",
            // A process is run: there is no connection, and no status.
            unreached: |_| IN_TROUBLE,
            refused: |_| IN_TROUBLE,
        };
        let credential = AzureCliCredential::new(Some(AzureCliCredentialOptions {
            tenant_id: self.tenant.as_ref().map(ToString::to_string),
            executor: Some(Arc::new(Shell)),
            ..AzureCliCredentialOptions::default()
        }));
        azure::obtain(credential, scope, DEADLINE, &place).await
    }
}

impl TokenSource for AzureCli {
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        _renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(self.token(scope))
    }

    fn describe(&self) -> String {
        match &self.tenant {
            Some(tenant) => format!("the Azure CLI, tenant `{tenant}`"),
            None => "the Azure CLI".to_owned(),
        }
    }
}

/// Runs the shell command that `azure_identity` has written, `az account get-access-token`, without input, and ends it
/// with whatever it has started when nobody waits for it any more.
#[derive(Debug)]
struct Shell;

#[async_trait]
impl Executor for Shell {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A group of its own, so that it can be ended whole; and Ctrl-C is this program's to answer.
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        let group = Group::of(&child);
        let mut output = child.wait_with_output().await?;
        group.has_ended();
        if !output.status.success() {
            return Err(io::Error::other(failed(&output)));
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs().cast_signed());
        let answer = Answer::read(&output.stdout, now).map_err(io::Error::other)?;
        output.stdout = answer.cli_json().into_bytes();
        Ok(output)
    }
}

/// Why `az` ended without a token.
fn failed(output: &Output) -> TokenError {
    /// The shell's exit code when there is no such command.
    const NO_COMMAND: i32 = 127;

    let words = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(NO_COMMAND) || words.contains("' is not recognized") {
        return TokenError::denied(
            "there is no Azure CLI here: `az` is not on `PATH`",
            "install it and sign in with `az login`, or use another `--auth`",
        );
    }
    let words = one_line(words.trim_start().trim_start_matches("ERROR:"));
    let message = match words.as_str() {
        "" => format!(
            "the Azure CLI gave no token: it ended with {}",
            output.status
        ),
        words => format!("the Azure CLI gave no token: {words}"),
    };
    // It does not say whether the sign-in is over or the network is.
    TokenError::transient(
        message,
        "sign in with `az login`; an app registration with `az login --service-principal --allow-no-subscriptions`",
    )
}

/// A process and those that it has started, to be ended together unless they have ended.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(leader: &Child) -> Self {
        let id = leader.id().and_then(|id| i32::try_from(id).ok());
        Self {
            leader: id.and_then(rustix::process::Pid::from_raw),
        }
    }

    #[cfg(unix)]
    fn has_ended(mut self) {
        self.leader = None;
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    fn has_ended(self) {}
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // They may have ended by themselves.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
