//! A simulated tenant, and the program that runs a hostile component against it.

use std::{
    fs,
    io::{Read, Seek, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use axum::{Router, body::Body};
use http::Request;
use intune_sync_simulator::{Config, QuotaKind, Simulator, Statistics};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Devices of the tenant: more than a bulk action may have.
pub(crate) const DEVICES: u32 = 120;

/// No run takes as long, however busy the machine is: one that does would never end.
const NEVER: Duration = Duration::from_secs(180);

/// The run of a component.
pub(crate) struct Attack {
    command: Command,
    simulator: Simulator,
    runtime: Runtime,
}

/// How it ended.
pub(crate) struct Ended {
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// What the tenant saw.
    pub(crate) seen: Statistics,
    /// How long it took.
    pub(crate) took: Duration,
    /// The most memory that it held, in bytes, where the system says so.
    peak: Option<u64>,
    simulator: Simulator,
    runtime: Runtime,
}

/// A run of the component in this file.
pub(crate) fn attack(component: &str) -> Attack {
    attack_behind(component, |simulator| simulator.router())
}

/// The same, with something between the program and the tenant.
pub(crate) fn attack_behind(component: &str, between: impl FnOnce(&Simulator) -> Router) -> Attack {
    attack_with(component, |_| {}, between)
}

/// The same, of another tenant.
pub(crate) fn attack_on(component: &str, change: impl FnOnce(&mut Config)) -> Attack {
    attack_with(component, change, |simulator| simulator.router())
}

fn attack_with(
    component: &str,
    change: impl FnOnce(&mut Config),
    between: impl FnOnce(&Simulator) -> Router,
) -> Attack {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut config = Config::default();
    config.fleet.devices = DEVICES;
    config.quota.kind = QuotaKind::Off;
    config.requests.kind = QuotaKind::Off;
    change(&mut config);
    let simulator = Simulator::new(config);
    let bind = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listener = runtime.block_on(bind).expect("a loopback port");
    let address = listener.local_addr().expect("it is bound");
    let router = between(&simulator);
    runtime.spawn(async { axum::serve(listener, router).await });
    Attack {
        command: program(component, address),
        simulator,
        runtime,
    }
}

/// An address that the run must not reach.
pub(crate) struct Elsewhere(TcpListener);

impl Elsewhere {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        listener.set_nonblocking(true).expect("a socket's flag");
        Self(listener)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("it is bound").port()
    }

    /// Nobody has come.
    pub(crate) fn saw_nothing(&self) {
        let caller = self.0.accept().map(|(_, caller)| caller);
        assert!(caller.is_err(), "{caller:?} has connected");
    }
}

impl Attack {
    pub(crate) fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(args);
        self
    }

    /// Records the run, in this directory.
    pub(crate) fn recorded_in(mut self, directory: &str) -> Self {
        self.command.env_remove("INTUNE_SYNC_NO_HISTORY");
        self.args(["--state-dir", directory])
    }

    /// Tells the component where else to go, by the one setting that takes any text.
    pub(crate) fn toward(self, authority: &str) -> Self {
        self.args(["--name", authority])
    }

    pub(crate) fn run(self) -> Ended {
        self.watched(|_, _| {})
    }

    /// Runs it, and presses Ctrl-C once the tenant has seen this many syncs. Returns how many it had seen then.
    #[cfg(unix)]
    pub(crate) fn interrupted_after(self, syncs: u64) -> (Ended, u64) {
        let mut then = None;
        let ended = self.watched(|child, simulator| {
            let seen = simulator.statistics().syncs_requested;
            if then.is_none() && seen >= syncs {
                then = Some(seen);
                let id = child.id().to_string();
                let sent = Command::new("kill").args(["-s", "INT", &id]).status();
                assert!(sent.expect("there is `kill`").success());
            }
        });
        let then = then.unwrap_or_else(|| panic!("{}", ended.details()));
        (ended, then)
    }

    /// Runs it without `--yes` at a terminal, where someone types this. `None` where there is nothing to make a
    /// terminal with: the test is skipped, and said to be.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) fn at_a_terminal(mut self, typed: &str) -> Option<Ended> {
        let script = Command::new("script").arg("--version").output();
        let is_there = script
            .is_ok_and(|script| String::from_utf8_lossy(&script.stdout).contains("util-linux"));
        if !is_there {
            eprintln!("skipped: there is no `script` of util-linux here");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let stdout = folder.path().join("stdout");
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let words = words.filter(|word| *word != "--yes");
        let words: Vec<String> = words
            .map(|word| format!("'{}'", word.to_str().expect("UTF-8")))
            .collect();
        let line = format!("{} >'{}'", words.join(" "), stdout.display());
        let mut terminal = Command::new("script");
        terminal.env_clear();
        for (name, value) in self.command.get_envs() {
            terminal.env(name, value.unwrap_or_default());
        }
        terminal.args(["-qefc", &line, "/dev/null"]);
        self.command = terminal;
        let mut input = tempfile::tempfile().expect("a temporary file");
        input.write_all(typed.as_bytes()).expect("written");
        input.rewind().expect("a file");
        self.command.stdin(input);
        let mut ended = self.watched(|_, _| {});
        // The terminal shows stderr alone.
        ended.stderr = std::mem::take(&mut ended.stdout);
        ended.stdout = fs::read_to_string(stdout).expect("UTF-8");
        Some(ended)
    }

    fn watched(mut self, mut watch: impl FnMut(&Child, &Simulator)) -> Ended {
        let mut stdout = tempfile::tempfile().expect("a temporary file");
        let mut stderr = tempfile::tempfile().expect("a temporary file");
        self.command
            .stdout(stdout.try_clone().expect("a file"))
            .stderr(stderr.try_clone().expect("a file"));
        let started = Instant::now();
        let child = self.command.spawn().expect("the program starts");
        let (status, peak) = wait(child, |child| watch(child, &self.simulator));
        let ended = Ended {
            code: status.code(),
            took: started.elapsed(),
            peak,
            stdout: read(&mut stdout),
            stderr: read(&mut stderr),
            seen: self.simulator.statistics(),
            simulator: self.simulator,
            runtime: self.runtime,
        };
        ended.held_little();
        ended
    }
}

impl Ended {
    /// The host ended the run with this reason, and the tenant was written to by nobody.
    pub(crate) fn stopped(&self, reason: &str) {
        self.stopped_after(0, reason);
    }

    /// The egress gate refused a request with this reason, and the tenant was written to by nobody.
    pub(crate) fn refused(&self, reason: &str) {
        self.stopped(&format!(
            "the egress gate refused a request of the component's: {reason}"
        ));
    }

    /// The same after this many syncs, which are reported as done.
    pub(crate) fn stopped_after(&self, syncs: u64, reason: &str) {
        let details = self.details();
        assert!(self.message().starts_with(reason), "{details}");
        assert_eq!(self.code, Some(1), "{details}");
        assert_eq!(self.seen.syncs_accepted, syncs, "{details}");
        if let Some(report) = self.report() {
            // A plan counts none.
            let counted = report.get("SuccessCount").map_or(Some(0), Value::as_u64);
            assert_eq!(counted, Some(syncs), "{details}");
            assert_eq!(report["Outcome"], "failed", "{details}");
        }
        self.nothing_forbidden();
    }

    /// The reason why it was stopped has this in it.
    pub(crate) fn tells(&self, reason: &str) {
        assert!(self.message().contains(reason), "{}", self.details());
    }

    /// The id of the device that the list has at this place, from 0 on.
    pub(crate) fn device(&self, place: u32) -> String {
        let id = self.simulator.device_id(place);
        id.expect("the tenant has it")
    }

    /// It has held less than a gigabyte, which is what SECURITY.md says of any component.
    fn held_little(&self) {
        let peak = self.peak.unwrap_or_default();
        assert!(peak < 1 << 30, "{peak} bytes: {}", self.details());
    }

    /// The run went on to its end: what the component says came of its attempt.
    pub(crate) fn says(&self) -> String {
        let said = self.stderr.lines().find_map(|line| {
            let (_, said) = line.split_once("the component says: ")?;
            Some(said.to_owned())
        });
        self.nothing_forbidden();
        assert_eq!(self.code, Some(1), "{}", self.details());
        said.unwrap_or_else(|| panic!("{}", self.details()))
    }

    /// The component was not started, since it imports this.
    pub(crate) fn not_linked(&self, import: &str) {
        self.not_started(&format!("component imports instance `{import}"));
    }

    /// The component was not started, for this reason.
    pub(crate) fn not_started(&self, reason: &str) {
        let details = self.details();
        let message = self.message();
        assert!(
            message.starts_with("the component cannot run here: "),
            "{details}"
        );
        assert!(message.contains(reason), "{details}");
        assert_eq!(self.code, Some(2), "{details}");
        assert_eq!(self.seen.requests.total(), 0, "{details}");
    }

    /// Whether Graph would take this token.
    pub(crate) fn is_worth(&self, token: &str) -> bool {
        let list = Request::get("http://graph/v1.0/deviceManagement/managedDevices")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .expect("a request");
        let response = self.runtime.block_on(self.simulator.respond(list));
        response.status().is_success()
    }

    pub(crate) fn nothing_forbidden(&self) {
        assert_eq!(self.seen.forbidden_writes, 0, "{:?}", self.seen.forbidden);
    }

    /// Why the run ended.
    fn message(&self) -> String {
        let error = self
            .report()
            .map(|report| report["Error"]["Message"].clone());
        match error {
            Some(message) => message.as_str().unwrap_or_default().to_owned(),
            None => {
                let line = self
                    .stderr
                    .lines()
                    .find_map(|line| line.strip_prefix("error: "));
                line.unwrap_or_default().to_owned()
            }
        }
    }

    /// The object on stdout, if the run came so far.
    pub(crate) fn report(&self) -> Option<Value> {
        serde_json::from_str(&self.stdout).ok()
    }

    pub(crate) fn details(&self) -> String {
        format!(
            "exit code {:?}\n{}\n{}\n{:?}",
            self.code, self.stdout, self.stderr, self.seen
        )
    }
}

/// The program, with nothing of the caller's environment but what names folders: the compiled component is cached
/// there.
pub(crate) fn bare() -> Command {
    let mut command = Command::new(binary());
    command.stdin(Stdio::null());
    command.env_clear();
    for name in [
        "HOME",
        "PATH",
        "XDG_CACHE_HOME",
        "USERPROFILE",
        "LOCALAPPDATA",
        "SystemRoot",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Rehearses a run of the component in this file: its exit code, and what it writes to stderr.
pub(crate) fn rehearse(component: &str) -> (Option<i32>, String) {
    let mut command = bare();
    command.args(["rehearse", "--devices", "10", "--component", component]);
    let mut stderr = tempfile::tempfile().expect("a temporary file");
    command
        .stdout(Stdio::null())
        .stderr(stderr.try_clone().expect("a file"));
    let (status, _) = wait(command.spawn().expect("the program starts"), |_| {});
    (status.code(), read(&mut stderr))
}

fn program(component: &str, address: SocketAddr) -> Command {
    let mut command = bare();
    let root = format!("http://{address}");
    command
        .args([
            "sync",
            "--yes",
            "--output",
            "json",
            "--component",
            component,
        ])
        // Variables, so that a test's own flags win.
        .env("INTUNE_SYNC_GRAPH_URL", &root)
        .env("INTUNE_SYNC_MAX_RATE", "1000000")
        // Runs of other tests go on at the same time.
        .env("INTUNE_SYNC_NO_HISTORY", "true")
        .env("IDENTITY_ENDPOINT", format!("{root}/msi/token"))
        .env("IDENTITY_HEADER", "simulator");
    command
}

/// The program that cargo has built along with the tests.
fn binary() -> PathBuf {
    let target = Path::new(env!("OUT_DIR"))
        .ancestors()
        .find(|folder| folder.join(".cargo-lock").is_file())
        .expect("the folder of the build is above `OUT_DIR`");
    let binary = target.join(format!("intune-sync{}", std::env::consts::EXE_SUFFIX));
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified());
    let Ok(built) = changed(&binary) else {
        panic!(
            "`{}` is not built: run `make test`, or `make build` first",
            binary.display()
        );
    };
    // Cargo builds it together with the tests of its package, but not with those of another.
    // The record of its sources is written by `cargo build` alone; without one, this build has just made the program.
    let record = fs::read_to_string(binary.with_extension("d")).unwrap_or_default();
    let sources = record.split_whitespace().skip(1).map(Path::new);
    let newer = sources
        .filter(|source| {
            source
                .extension()
                .is_some_and(|extension| extension == "rs")
        })
        .find(|source| changed(source).is_ok_and(|changed| changed > built));
    if let Some(source) = newer {
        panic!(
            "`{}` is older than `{}`: run `make test`, or `make build` first",
            binary.display(),
            source.display()
        );
    }
    binary
}

/// Waits for the end, and for the most memory that was held until then.
fn wait(mut child: Child, mut watch: impl FnMut(&Child)) -> (ExitStatus, Option<u64>) {
    let started = Instant::now();
    let mut peak = None;
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return (status, peak);
        }
        peak = peak.max(memory(&child));
        watch(&child);
        if started.elapsed() > NEVER {
            child.kill().expect("it can be killed");
            panic!("the program does not end");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The most memory that a process has held so far, in bytes, as Linux has it.
fn memory(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

fn read(file: &mut fs::File) -> String {
    let mut text = String::new();
    file.rewind().expect("a file");
    file.read_to_string(&mut text).expect("UTF-8");
    text
}
