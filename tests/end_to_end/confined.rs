//! Components of others: they are read and compiled in a process with limits, which no wait outlasts.
#![cfg(unix)]

use intune_sync_history::{History, RunFilter, StateDir};
use intune_sync_sandbox::promise::Promise;
use serde_json::Value;

use crate::{
    audit::{file, leb128, section},
    program::{Finished, Program},
    running::until,
    tenant::{Tenant, healthy},
};

/// A component with six functions of 7 MB: within every bound, but some seconds' work for a compiler.
fn heavy() -> Vec<u8> {
    const FUNCTIONS: u8 = 6;
    // Each has one local, which is doubled a million times.
    let double = [0x20, 0, 0x20, 0, 0x6a, 0x21, 0];
    let body = [&[1, 1, 0x7f][..], &double.repeat(1_000_000), &[0x0b]].concat();
    let function = [leb128(body.len()), body].concat();
    let code = [vec![FUNCTIONS], function.repeat(FUNCTIONS.into())].concat();
    let types = [vec![FUNCTIONS], vec![0; FUNCTIONS.into()]].concat();
    let module = [
        &b"\0asm\x01\0\0\0"[..],
        &section(1, &[1, 0x60, 0, 0]),
        &section(3, &types),
        &section(10, &code),
    ]
    .concat();
    let instantiate = [1, 0, 0, 0];
    [
        &b"\0asm\x0d\0\x01\0"[..],
        &section(1, &module),
        &section(2, &instantiate),
    ]
    .concat()
}

/// A file that never comes to its end: a pipe into which nobody writes.
fn endless() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("component.wasm");
    let path = path.to_str().expect("UTF-8").to_owned();
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.is_ok_and(|status| status.success()), "{path}");
    (folder, path)
}

/// `rehearse` in a process that passes on lower limits than its own: seconds of processor time, and MiB of memory.
fn rehearse_within(seconds: &str, memory: &str, path: &str) -> Finished {
    let this = std::process::id().to_string();
    let confined = ["confined", &this, seconds, memory];
    let args = confined
        .into_iter()
        .chain(["rehearse", "--component", path]);
    // What was compiled once is not compiled again.
    let cache = tempfile::tempdir().expect("a folder");
    let cache = cache.path().to_str().expect("UTF-8");
    Program::new().env("XDG_CACHE_HOME", cache).args(args).run()
}

#[test]
fn compiling_is_bounded_in_time() {
    let (_folder, path) = file(&heavy());
    let finished = rehearse_within("1", "8192", &path);
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
    let message =
        "error: the component is refused, since it takes more than 60 s of processor time\nhint: ";
    assert!(finished.stderr.starts_with(message), "{finished:?}");
}

#[test]
fn compiling_is_bounded_in_memory() {
    let (_folder, path) = file(&heavy());
    let finished = rehearse_within("600", "256", &path);
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
    let message =
        "error: the component is refused, since it takes more than 1024 MiB of memory\nhint: ";
    assert!(finished.stderr.starts_with(message), "{finished:?}");
}

/// Anyone who ends the program need not look for the process that it has started.
#[cfg(target_os = "linux")]
#[test]
fn it_ends_with_the_program() {
    use std::{
        fs,
        process::{Command, Stdio},
    };

    /// Whether a process other than this one names the file.
    fn is_read(path: &str) -> bool {
        let processes = fs::read_dir("/proc").expect("Linux");
        let line = |process: fs::DirEntry| fs::read(process.path().join("cmdline"));
        processes
            .flatten()
            .filter_map(|process| line(process).ok())
            .any(|line| {
                let line = String::from_utf8_lossy(&line);
                line.contains(path) && line.contains("confined")
            })
    }

    let cases = [
        ("TERM", &["audit"][..]),
        ("INT", &["audit"]),
        ("KILL", &["rehearse", "--component"]),
    ];
    // The signal may come before the process has said how it wants to end, or after.
    for (signal, command) in cases.repeat(10) {
        let (_folder, path) = endless();
        let args = command.iter().copied().chain([path.as_str()]);
        let mut program = Program::new().args(args).into_command();
        program.stdout(Stdio::null()).stderr(Stdio::null());
        let mut program = program.spawn().expect("it starts");
        until("it is read", || is_read(&path));
        let id = program.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.is_ok_and(|sent| sent.success()));
        program.wait().expect("it ends");
        until("nobody reads it", || !is_read(&path));
    }
}

/// The deadline counts from the start of the program, and a component's file is not an exception.
#[test]
fn a_deadline_ends_the_wait_for_a_component() {
    let (_folder, path) = endless();
    let tenant = Tenant::new(healthy(10));
    let finished = tenant
        .sync()
        .args(["--deadline", "1s", "--component", &path])
        .run();
    assert_eq!((finished.code, finished.stdout.as_str()), (5, ""));
    let message = "warning: stopped before the component was compiled: the time given by `--deadline` is over\nhint: ";
    assert!(finished.stderr.contains(message), "{finished:?}");
    assert_eq!(tenant.statistics().requests.total(), 0);
}

/// The process that reads it has this one's standard input.
#[test]
fn a_component_can_come_from_a_pipe() {
    let engine = Promise::Engine.embedded();
    let (_folder, path) = file(engine);
    let piped = format!("cat '{path}' | \"$@\"");
    let finished = Program::new()
        .args(["audit", "/dev/stdin"])
        .under(&["sh", "-c", &piped, "sh"])
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let tenant = Tenant::new(healthy(10));
    let state = tempfile::tempdir().expect("a directory");
    let finished = tenant
        .sync()
        .args(["--component", "/dev/stdin"])
        .args(["--state-dir", state.path().to_str().expect("text")])
        .under(&["sh", "-c", &piped, "sh"])
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().syncs_accepted, 10);
    // The history names what has run: a pipe can be read only once.
    let history = History::open(&StateDir::at(state.path())).expect("it can be opened");
    let runs = history.runs(&RunFilter::default()).expect("it can be read");
    let digest: Vec<&str> = runs
        .iter()
        .map(|run| run.component_sha256.as_str())
        .collect();
    let shown = Program::new().args(["audit", "--output", "json"]).run();
    let audit: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(digest, [audit["Sha256"].as_str().expect("text")]);
}

#[test]
fn a_component_that_is_compiled_there_runs_here() {
    let engine = Promise::Engine.embedded();
    let (_folder, path) = file(engine);
    let tenant = Tenant::new(healthy(10));
    let finished = tenant.sync().args(["--component", &path]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().syncs_accepted, 10);
}
