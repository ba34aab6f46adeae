//! `--auth azure-cli`: the account that is signed in to the Azure CLI on this machine.

use std::{
    io,
    path::{Path, PathBuf},
    pin::pin,
    process::{Output, Stdio},
    time::Duration,
};

use futures::future::{self, BoxFuture};
use intune_sync_identity::{AccessToken, Endpoint, TenantId, TokenError, one_line};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
};

use super::{TokenSource, now};

/// How long `az` may take. It is a Python program that may have to renew its own sign-in.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long the rest of its output may take once it has ended.
const LEFT: Duration = Duration::from_secs(1);

/// The most of its output that is read.
const MOST: usize = 1 << 20;

/// The byte order mark of UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

const IN_TROUBLE: &str =
    "run `az account get-access-token --resource-type ms-graph` to see what it does";

/// The Azure CLI. It keeps tokens too, so a renewal may give the same token again; nothing makes it forget one.
pub(crate) struct AzureCli {
    tenant: Option<TenantId>,
    /// `az` on `PATH`; a test has its own.
    program: PathBuf,
}

impl AzureCli {
    /// The account that is signed in, in a tenant or in the CLI's default one.
    pub(crate) fn new(tenant: Option<TenantId>) -> Self {
        Self {
            tenant,
            program: "az".into(),
        }
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let endpoint = Endpoint {
            name: "the Azure CLI".to_owned(),
            in_trouble: IN_TROUBLE,
            unreached: Some(IN_TROUBLE),
            unreadable: "use Azure CLI 2.54 or later",
            absence_passes: false,
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
            true => endpoint.read(&object(&output.stdout), Some(now())),
            false => Err(failed(&output)),
        }
    }

    /// Runs `az account get-access-token` without input, and ends it with whatever it has started when nobody waits for
    /// it any more.
    async fn run(&self, scope: &str) -> io::Result<Output> {
        let mut command = command(&self.program);
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
        let mut child = command.spawn()?;
        let group = Group::of(&child);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let status = {
            let written = future::join(
                read(child.stdout.take(), &mut stdout),
                read(child.stderr.take(), &mut stderr),
            );
            let mut written = pin!(written);
            tokio::select! {
                _ = &mut written => child.wait().await?,
                status = child.wait() => {
                    // What it has started may keep the pipes open; what it wrote itself is in them.
                    let _ = tokio::time::timeout(LEFT, written).await;
                    status?
                }
            }
        };
        group.has_ended();
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }
}

/// Reads a pipe as far as it goes. What has been read stays if nobody waits for the rest.
async fn read(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    while into.len() < MOST && matches!(pipe.read_buf(into).await, Ok(1..)) {}
}

/// The JSON object in what `az` has written: it may begin with a byte order mark or a warning, and be in colours.
fn object(stdout: &[u8]) -> Vec<u8> {
    let plain = stdout.strip_prefix(BOM).unwrap_or(stdout);
    let plain = anstream::adapter::strip_bytes(plain).into_vec();
    let end = plain.iter().rposition(|byte| *byte == b'}');
    let text = end.map_or(&plain[..], |end| &plain[..=end]);
    text.split_inclusive(|byte| *byte == b'\n')
        .skip_while(|line| !line.trim_ascii_start().starts_with(b"{"))
        .flatten()
        .copied()
        .collect()
}

/// `az` on `PATH`, never one in the folder that the program was started in.
#[cfg(unix)]
fn command(az: &Path) -> Command {
    let mut command = Command::new(az);
    command.current_dir("/");
    command
}

/// `az` on `PATH`, never one in the folder that the program was started in. It is a batch file, which only `cmd` runs.
#[cfg(not(unix))]
fn command(az: &Path) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").arg(az);
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

#[cfg(all(test, unix))]
mod tests {
    use std::{
        collections::BTreeSet,
        os::unix::fs::PermissionsExt,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
    };

    use intune_sync_egress::TokenCache;

    use super::*;

    /// The Azure CLI, and how many of its tokens are not there yet.
    struct Watched {
        cli: AzureCli,
        awaited: AtomicU32,
    }

    impl TokenSource for Watched {
        fn fetch<'a>(
            &'a self,
            scope: &'a str,
            renew: bool,
        ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
            self.awaited.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                let token = self.cli.fetch(scope, renew).await;
                self.awaited.fetch_sub(1, Ordering::SeqCst);
                token
            })
        }

        fn describe(&self) -> String {
            self.cli.describe()
        }
    }

    /// A run of three hours on virtual time goes on with tokens of an hour each, from processes that take real time.
    #[tokio::test(start_paused = true)]
    async fn a_run_of_three_hours_outlives_its_tokens() {
        let folder = tempfile::tempdir().expect("a directory");
        let az = folder.path().join("az");
        let script = "#!/bin/sh\n\
            printf '{\"accessToken\":\"token-%s\",\"expires_on\":%s}' $$ $(($(date +%s) + 3600))\n";
        std::fs::write(&az, script).expect("it is written");
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&az, mode).expect("it may be run");
        let source = Arc::new(Watched {
            cli: AzureCli {
                tenant: None,
                program: az,
            },
            awaited: AtomicU32::new(0),
        });
        // While a thread is at work, the clock moves only where it is told to.
        let (over, wait) = std::sync::mpsc::channel::<()>();
        let at_work = tokio::task::spawn_blocking(move || wait.recv());

        let runtime = tokio::runtime::Handle::current();
        let cache = TokenCache::new(source.clone(), "scope".to_owned(), &runtime);
        cache.first().await.expect("a token");
        let mut seen = BTreeSet::new();
        for _ in 0..180 {
            tokio::time::advance(Duration::from_secs(60)).await;
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            while source.awaited.load(Ordering::SeqCst) > 0 {
                tokio::task::yield_now().await;
            }
            tokio::task::yield_now().await;
            let surrogate = cache.get(None).expect("a token at any time");
            assert!(!surrogate.lifetime.is_zero());
            seen.insert(surrogate.value);
        }
        // At the start, and whenever four fifths of an hour are over.
        assert_eq!(seen.len(), 4);
        drop(over);
        let _ = at_work.await;
    }
}
