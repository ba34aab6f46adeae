//! Measures the program itself: starts it, and watches it from outside.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use serde_json::Value;

/// The time and memory that a run of the program took.
#[derive(Debug, Clone)]
pub(crate) struct Took {
    pub(crate) wall: Duration,
    /// Peak of the resident memory, in bytes.
    pub(crate) memory: u64,
    /// What it printed, as JSON.
    pub(crate) output: Value,
}

/// A rehearsal by the program.
pub(crate) fn rehearse(program: &str, devices: u32, dispatch: &str) -> anyhow::Result<Took> {
    let devices = devices.to_string();
    let arguments = [
        "rehearse",
        "--devices",
        &devices,
        "--dispatch",
        dispatch,
        "--pace",
        "quota",
        "--no-alternatives",
        "-q",
        "--output",
        "json",
        "--faults",
        "0",
    ];
    watched(
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null()),
    )
}

/// From the start of the program to the first byte of its first request. `home` holds wasmtime's cache.
pub(crate) fn first_request(program: &str, home: &str) -> anyhow::Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let root = format!("http://{}", listener.local_addr()?);
    let token = format!("{home}/token");
    // A header, `{}`, and claims with an end in the year 2100.
    fs::write(&token, "e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2lnbmF0dXJl")?;
    let started = Instant::now();
    let mut child = Command::new(program)
        .args([
            "sync",
            "--yes",
            "--no-history",
            "--graph-url",
            &root,
            "--auth",
            "token-file",
            "--token-file",
            &token,
        ])
        .env("HOME", home)
        .env("XDG_CACHE_HOME", format!("{home}/cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start `{program}`"))?;
    let (mut stream, _) = listener.accept()?;
    let mut first = [0];
    let read = stream.read_exact(&mut first);
    let took = started.elapsed();
    end(&mut child);
    read?;
    Ok(took)
}

/// How a run over loopback goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loopback {
    pub(crate) devices: u32,
    pub(crate) dispatch: &'static str,
    /// Whether it sends as fast as it can; otherwise it keeps to the documented quota.
    pub(crate) is_unpaced: bool,
    /// Whether it writes itself into a history, which is empty.
    pub(crate) has_history: bool,
}

/// A run of the program over loopback HTTP, against a simulator in another process, without quota or latency.
pub(crate) fn loopback(program: &str, run: Loopback) -> anyhow::Result<Took> {
    let Loopback {
        devices, dispatch, ..
    } = run;
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("tenant.json");
    let devices = devices.to_string();
    fs::write(
        &config,
        r#"{"quota":{"kind":"off"},"requests":{"kind":"off"}}"#,
    )?;
    let mut simulator = Command::new(program)
        .args([
            "simulate",
            "--devices",
            &devices,
            "--listen",
            "127.0.0.1:0",
            "--config",
        ])
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start `{program}`"))?;
    let mut line = String::new();
    let stdout = simulator
        .stdout
        .take()
        .context("the simulator has no output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let word = |prefix: &str| {
        line.split_whitespace()
            .find_map(|word| word.strip_prefix(prefix).map(str::to_owned))
    };
    let endpoint =
        word("IDENTITY_ENDPOINT=").context("the simulator does not say where it listens")?;
    let header = word("IDENTITY_HEADER=").context("the simulator does not say its header")?;
    let root = endpoint.trim_end_matches("/msi/token").to_owned();
    let mut command = Command::new(program);
    command
        .args(["sync", "--yes", "--graph-url", &root, "--pace", "quota"])
        .args(["--dispatch", dispatch, "-q", "--output", "json"]);
    if run.is_unpaced {
        command.args(["--max-rate", "1000000"]);
    }
    if run.has_history {
        command.arg("--state-dir").arg(folder.path().join("state"));
    } else {
        command.arg("--no-history");
    }
    let took = watched(
        command
            .env("IDENTITY_ENDPOINT", &endpoint)
            .env("IDENTITY_HEADER", &header)
            .stdin(Stdio::null())
            .stderr(Stdio::null()),
    );
    end(&mut simulator);
    took
}

/// Runs a command to its end. Its memory is read from `/proc` until it is a zombie, which has none.
fn watched(command: &mut Command) -> anyhow::Result<Took> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().context("no output")?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let id = child.id().to_string();
    let mut memory = 0;
    while let Some(peak) = peak_memory(&id) {
        memory = memory.max(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    let wall = started.elapsed();
    let status = child.wait()?;
    let text = reader
        .join()
        .map_err(|_| anyhow!("the reader panicked"))??;
    let output = serde_json::from_str(&text).with_context(|| format!("{status}, and not JSON"))?;
    Ok(Took {
        wall,
        memory,
        output,
    })
}

fn peak_memory(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1_024)
}

fn end(child: &mut Child) {
    // It may be gone already.
    let _ = child.kill();
    let _ = child.wait();
}
