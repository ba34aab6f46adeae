//! Machines that give less than usual: the program runs where it can, and else names the limit.
//!
//! Where a limit cannot be set, there is nothing to test.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use intune_sync_sandbox::promise::Promise;

use crate::{
    program::{Finished, Program},
    tenant::{Tenant, healthy},
};

/// Runs a program under another one, which sets a limit. `None` where there is no such other one.
fn under(launcher: &[&str], program: Program) -> Option<Finished> {
    let probe = Command::new(launcher[0])
        .args(&launcher[1..])
        .arg("true")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no `{}`", launcher.join(" "));
        return None;
    }
    let command = program.into_command();
    let mut limited = Command::new(launcher[0]);
    limited.args(&launcher[1..]);
    limited.arg(command.get_program()).args(command.get_args());
    limited.env_clear();
    for (name, value) in command.get_envs() {
        limited.env(name, value.unwrap_or_default());
    }
    let output = limited.stdin(Stdio::null()).output();
    Some(Finished::from(output.expect("the program starts")))
}

fn refused(finished: &Finished, limit: &str) {
    assert_eq!(finished.code, 1, "{finished:?}");
    let (error, _) = finished.error();
    assert!(error.contains(limit), "{finished:?}");
    assert!(!finished.stderr.contains("panicked"), "{finished:?}");
}

/// As `ulimit -v 4194304` does.
#[test]
fn little_address_space_is_enough() {
    let tenant = Tenant::new(healthy(20));
    let Some(finished) = under(&["prlimit", "--as=4294967296"], tenant.sync()) else {
        return;
    };
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().syncs_accepted, 20);
}

#[test]
fn too_little_address_space_is_named() {
    let tenant = Tenant::new(healthy(20));
    let Some(finished) = under(&["prlimit", "--as=600000000"], tenant.sync()) else {
        return;
    };
    refused(&finished, "the address space is limited to 572 MiB");
}

/// As `ulimit -v 50000` does, and with a file, which another process reads.
#[test]
fn too_little_address_space_is_named_by_what_runs_no_component_too() {
    let mut component = tempfile::NamedTempFile::new().expect("a file");
    component
        .write_all(Promise::Engine.embedded())
        .expect("it can be written");
    let path = component.path().to_str().expect("a path in UTF-8");
    for args in [
        &["audit"][..],
        &["audit", "--notifier"],
        &["audit", path],
        &["plan", "--component", path],
    ] {
        for (limit, shown) in [("51200000", "48 MiB"), ("204800000", "195 MiB")] {
            let program = Program::new().args(args.iter().copied());
            let limit = format!("--as={limit}");
            let Some(finished) = under(&["prlimit", limit.as_str()], program) else {
                return;
            };
            refused(
                &finished,
                &format!("the address space is limited to {shown}"),
            );
        }
    }
}

/// As `MemoryDenyWriteExecute=` of systemd does, from Linux 6.3 on.
const WITHOUT_EXECUTABLE_MEMORY: [&str; 3] = [
    "python3",
    "-c",
    "import ctypes, os, sys
assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0
os.execvp(sys.argv[1], sys.argv[1:])",
];

#[test]
fn without_executable_memory_the_component_is_interpreted() {
    let tenant = Tenant::new(healthy(20));
    let sync = tenant.sync().args(["--verbose"]);
    let Some(finished) = under(&WITHOUT_EXECUTABLE_MEMORY, sync) else {
        return;
    };
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .contains("the component is interpreted, since this system forbids executable memory"),
        "{}",
        finished.stderr
    );
    assert_eq!(tenant.statistics().syncs_accepted, 20);
}

#[test]
fn native_code_needs_executable_memory() {
    let tenant = Tenant::new(healthy(20));
    let sync = tenant.sync().args(["--engine", "native"]);
    let Some(finished) = under(&WITHOUT_EXECUTABLE_MEMORY, sync) else {
        return;
    };
    refused(&finished, "this system forbids executable memory");
    assert!(
        finished.stderr.contains("leave `--engine native` out"),
        "{}",
        finished.stderr
    );
}

/// Another component, and one that is interpreted although it need not be.
#[test]
fn any_component_can_be_interpreted() {
    let mut component = tempfile::NamedTempFile::new().expect("a file");
    component
        .write_all(Promise::Engine.embedded())
        .expect("it can be written");
    let path = component.path().to_str().expect("a path in UTF-8");
    for flags in [&[][..], &["--component", path]] {
        let tenant = Tenant::new(healthy(20));
        let finished = tenant
            .sync()
            .args(["--engine", "pulley", "-v"])
            .args(flags.iter().copied())
            .run();
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert!(
            finished.stderr.contains("the component is interpreted\n"),
            "{}",
            finished.stderr
        );
        assert_eq!(tenant.statistics().syncs_accepted, 20);
    }
}

/// As `ulimit -f` does: the compiled component, which is larger, cannot be kept.
#[test]
fn a_limit_on_the_size_of_files_does_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = Tenant::new(healthy(20));
    let cold = |flags: &[&str]| {
        let cache = folder.path().to_str().expect("UTF-8");
        let program = tenant
            .sync()
            .args(flags.iter().copied())
            .env("XDG_CACHE_HOME", cache);
        under(&["prlimit", "--fsize=10000"], program)
    };
    // The history is larger, which shows before anything is sent.
    let Some(finished) = cold(&[]) else {
        return;
    };
    refused(&finished, "cannot use the history");
    assert_eq!(tenant.statistics().requests.total(), 0);
    let finished = cold(&["--no-history"]).expect("there is `prlimit`");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().syncs_accepted, 20);
}

/// As `ulimit -u` does. It does not hold for root.
#[test]
fn too_few_threads_are_named() {
    let tenant = Tenant::new(healthy(20));
    let nobody = ["setpriv", "--reuid=65533", "prlimit", "--nproc=3"];
    let is_root = Path::new("/root").read_dir().is_ok();
    let launcher = match is_root {
        true => &nobody[..],
        false => &["prlimit", "--nproc=1"],
    };
    let Some(finished) = under(launcher, tenant.sync()) else {
        return;
    };
    refused(&finished, "the limit on threads is too low");
}
