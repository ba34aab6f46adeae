//! `--auth azure-cli`: the account that is signed in to the Azure CLI on this machine.

use std::{
    io,
    process::{Output, Stdio},
    time::Duration,
};

use futures::future::BoxFuture;
use intune_sync_identity::{AccessToken, Endpoint, TenantId, TokenError, one_line};
use tokio::process::{Child, Command};

use super::{TokenSource, now};

/// How long `az` may take. It is a Python program that may have to renew its own sign-in.
const DEADLINE: Duration = Duration::from_secs(60);

const IN_TROUBLE: &str =
    "run `az account get-access-token --resource-type ms-graph` to see what it does";

/// The Azure CLI. It keeps tokens too, so a renewal may give the same token again; nothing makes it forget one.
pub(crate) struct AzureCli {
    tenant: Option<TenantId>,
}

impl AzureCli {
    /// The account that is signed in, in a tenant or in the CLI's default one.
    pub(crate) fn new(tenant: Option<TenantId>) -> Self {
        Self { tenant }
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let endpoint = Endpoint {
            name: "the Azure CLI".to_owned(),
            in_trouble: IN_TROUBLE,
            unreached: Some(IN_TROUBLE),
            unreadable: "use Azure CLI 2.54 or later",
            refused: |_| IN_TROUBLE,
        };
        let output = tokio::time::timeout(DEADLINE, self.run(scope))
            .await
            .map_err(|_| {
                let seconds = DEADLINE.as_secs();
                let message = format!("no token from the Azure CLI within {seconds} s");
                TokenError::transient(message, IN_TROUBLE)
            })?
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => not_installed(),
                _ => {
                    TokenError::transient(format!("cannot run the Azure CLI: {error}"), IN_TROUBLE)
                }
            })?;
        match output.status.success() {
            true => endpoint.read(&output.stdout, Some(now())),
            false => Err(failed(&output)),
        }
    }

    /// Runs `az account get-access-token` without input, and ends it with whatever it has started when nobody waits for
    /// it any more.
    async fn run(&self, scope: &str) -> io::Result<Output> {
        let mut command = az();
        command
            .args([
                "account",
                "get-access-token",
                "-o",
                "json",
                "--scope",
                scope,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(tenant) = &self.tenant {
            command.args(["--tenant", &tenant.to_string()]);
        }
        // A separate process group, so that it can be ended whole; and Ctrl-C is this program's to handle.
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        let group = Group::of(&child);
        let output = child.wait_with_output().await?;
        group.has_ended();
        Ok(output)
    }
}

/// `az` on `PATH`, never one in the folder that the program was started in.
#[cfg(unix)]
fn az() -> Command {
    let mut command = Command::new("az");
    command.current_dir("/");
    command
}

/// `az` on `PATH`, never one in the folder that the program was started in. It is a batch file, which only `cmd` runs.
#[cfg(not(unix))]
fn az() -> Command {
    let mut command = Command::new("cmd");
    command.args(["/C", "az"]);
    if let Some(folder) = std::env::var_os("SYSTEMROOT") {
        command.current_dir(folder);
    }
    command
}

fn not_installed() -> TokenError {
    TokenError::denied(
        "there is no Azure CLI here: `az` is not on `PATH`",
        "install it and sign in with `az login`, or use another `--auth`",
    )
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

/// Why `az` ended without a token.
fn failed(output: &Output) -> TokenError {
    let words = String::from_utf8_lossy(&output.stderr);
    // What `cmd` says if there is no such command.
    if words.contains("' is not recognized") {
        return not_installed();
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
            // They may have ended already.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
