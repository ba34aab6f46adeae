//! Programs of others, as processes.

use std::{
    fs::File,
    io::{Read, Seek},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    caller,
    runtime::{Ended, Environment, Serving, Skipped},
};

/// A server that does not serve after this time never will.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where a program is on the `PATH`.
pub(crate) fn on_path(program: &str) -> Result<PathBuf, Skipped> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file());
    found.ok_or_else(|| Skipped(format!("`{program}` is not on PATH")))
}

/// What a program says of itself: its first line.
pub(crate) fn version(program: &Path, arguments: &[&str]) -> Result<String, Skipped> {
    let output = command(program).args(arguments).output();
    let output = output.map_err(|error| Skipped(format!("`{}`: {error}", program.display())))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match (output.status.success(), text.lines().next()) {
        (true, Some(line)) => Ok(line.to_owned()),
        _ => Err(Skipped(format!("`{}` does not run", program.display()))),
    }
}

/// A program that is given of the caller's environment only what names folders.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in ["HOME", "PATH", "XDG_CACHE_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// A loopback address that is free now.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    listener.local_addr().expect("it is bound")
}

/// Gives a program the component's environment as its own.
pub(crate) fn inherit<'a>(command: &'a mut Command, environment: &Environment) -> &'a mut Command {
    let variables = environment.as_slice().iter();
    command.envs(variables.map(|(name, value)| (name, value)))
}

/// Starts a server and waits until the component responds at the address: some listen before they have one.
/// `belongings` are kept until it has ended.
pub(crate) fn serve(
    command: &mut Command,
    address: SocketAddr,
    belongings: impl Send + 'static,
) -> Serving {
    let mut server = Server::start(command);
    let started = Instant::now();
    while !caller::is_served(address) {
        let ended = server.child.try_wait().expect("it can be waited for");
        if let Some(status) = ended {
            panic!(
                "{command:?} ended with {status}:\n{}",
                read(&mut server.log)
            );
        }
        if started.elapsed() > PATIENCE {
            panic!("{command:?} does not serve it:\n{}", read(&mut server.log));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Serving::new(address, (server, belongings))
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("it can be started");
    Ended {
        success: output.status.success(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A server and the processes that it started. They end with this.
struct Server {
    child: Child,
    log: File,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let log = tempfile::tempfile().expect("a temporary file");
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log.try_clone().expect("a file"));
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn().expect("it can be started");
        Self { child, log }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended on its own, and taken the group with it.
        #[cfg(unix)]
        let _ = Command::new("kill")
            .args(["-s", "KILL", "--", &format!("-{}", self.child.id())])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(log: &mut File) -> String {
    let mut text = String::new();
    log.rewind().expect("a file");
    log.read_to_string(&mut text).expect("UTF-8");
    text
}
