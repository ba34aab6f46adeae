//! Ctrl-C, SIGTERM and SIGHUP, at each wait of the program from its first line on, and as process 1 of a container.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]
#![cfg(unix)]

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    program::Program,
    running::until,
    tenant::{Tenant, healthy},
};

/// A test that waits longer than this has failed: it would wait for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// The signals that these tests send; SIGHUP unless they run with it ignored.
pub(crate) fn signals() -> Vec<&'static str> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    match ignored {
        Some(mask) if mask & 1 == 1 => {
            eprintln!("skipped: SIGHUP, which is ignored here (`nohup`)");
            vec!["INT", "TERM"]
        }
        _ => vec!["INT", "TERM", "HUP"],
    }
}

fn start(program: Program) -> Child {
    program
        .into_command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn send(signal: &str, process: u32) {
    let id = process.to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.expect("there is `kill`").success());
}

/// Its exit code, once it has ended. It has none if a signal has ended it.
fn code(mut child: Child) -> Option<i32> {
    let mut status = None;
    let begin = Instant::now();
    while status.is_none() && begin.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
        status = child.try_wait().expect("it is ours");
    }
    let _ = child.kill();
    let _ = child.wait();
    status.expect("it ends").code()
}

/// Writes so much to the program's standard input that it must be reading it: a pipe holds 64 KiB.
fn feed(child: &mut Child) {
    let stdin = child.stdin.as_mut().expect("it is piped");
    let line = format!("# {}\n", "x".repeat(97));
    stdin
        .write_all(line.repeat(2_000).as_bytes())
        .expect("it reads");
}

/// The only process that this one has started.
fn child_of(process: u32) -> u32 {
    let mut found = None;
    until("it has started a process", || {
        let path = format!("/proc/{process}/task/{process}/children");
        let children = fs::read_to_string(path).unwrap_or_default();
        found = children.trim().parse().ok();
        found.is_some()
    });
    found.expect("it was found")
}

#[test]
fn while_the_command_line_is_read() {
    for signal in signals() {
        let tenant = Tenant::new(healthy(20));
        let mut child = start(tenant.sync().args(["--devices-from", "-"]));
        feed(&mut child);
        send(signal, child.id());
        assert_eq!(code(child), Some(130), "{signal}");
        assert_eq!(tenant.statistics().requests.total(), 0);
    }
}

#[test]
fn while_the_component_is_compiled() {
    for signal in signals() {
        let cache = TempDir::new().expect("a folder");
        let tenant = Tenant::new(healthy(20));
        let program = tenant
            .sync()
            .env("XDG_CACHE_HOME", &cache.path().display().to_string());
        let child = start(program);
        let begun = || fs::read_dir(cache.path()).is_ok_and(|mut folder| folder.next().is_some());
        until("it prepares the cache", begun);
        send(signal, child.id());
        assert_eq!(code(child), Some(130), "{signal}");
        assert_eq!(tenant.statistics().requests.total(), 0);
    }
}

/// `script` gives the program a terminal.
#[test]
fn at_the_question() {
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("skipped: there is no `script` here");
        return;
    }
    for signal in signals() {
        let tenant = Tenant::new(healthy(20));
        let program = tenant.surround().args(["sync", "--output", "json"]);
        let mut child = start(program.under_script());
        let mut shown = Vec::new();
        let mut terminal = child.stdout.take().expect("it is piped");
        while !shown.ends_with(b"[y/N] ") {
            let mut byte = [0];
            let read = terminal.read(&mut byte).expect("it can be read");
            let text = String::from_utf8_lossy(&shown);
            assert_eq!(read, 1, "it ended without a question: {text}");
            shown.push(byte[0]);
        }
        send(signal, child_of(child.id()));
        let rest = thread::spawn(move || {
            let mut rest = String::new();
            let _ = terminal.read_to_string(&mut rest);
            rest
        });
        assert_eq!(code(child), Some(130), "{signal}");
        assert_eq!(tenant.statistics().syncs_requested, 0, "{signal}");
        let rest = rest.join().expect("it was read");
        assert!(rest.contains(r#""PendingCount":20"#), "{signal}: {rest}");
    }
}

/// The kernel does not deliver to process 1 what it has no handler for.
#[test]
fn as_process_1() {
    const NEW: [&str; 3] = ["unshare", "--pid", "--fork"];

    let allowed = Command::new(NEW[0]).args(&NEW[1..]).arg("true").output();
    if !allowed.is_ok_and(|ended| ended.status.success()) {
        eprintln!("skipped: no PID namespace can be made here");
        return;
    }
    for signal in signals() {
        let tenant = Tenant::new(healthy(20));
        let program = tenant.sync().args(["--devices-from", "-"]);
        let mut child = start(program.under(&NEW));
        feed(&mut child);
        send(signal, child_of(child.id()));
        // If that has no effect, all is synced.
        let mut stdin = child.stdin.take().expect("it is piped");
        for id in tenant.simulator.devices(None).expect("the fleet").keys() {
            // It may have ended.
            let _ = writeln!(stdin, "{id}");
        }
        drop(stdin);
        assert_eq!(code(child), Some(130), "{signal}");
        assert_eq!(tenant.statistics().syncs_requested, 0, "{signal}");
    }
}
