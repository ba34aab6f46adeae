//! The module in the Python of this machine, if there is one: tests/python/test_calls.py.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{
    env::{
        self,
        consts::{DLL_PREFIX, DLL_SUFFIX, EXE_EXTENSION},
    },
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The module is for CPython alone, and none that is older.
const RECENT: &str =
    "import sys; sys.exit(sys.version_info < (3, 10) or sys.implementation.name != 'cpython')";

/// The first Python that is recent enough.
fn python() -> Option<&'static str> {
    [
        "python3",
        "python3.13",
        "python3.12",
        "python3.11",
        "python3.10",
    ]
    .into_iter()
    .find(|python| {
        let mut probe = Command::new(python);
        probe.args(["-c", RECENT]).stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    })
}

/// The module as Python finds it, in a folder of its own. Cargo leaves it next to the tests.
fn module(tests: &Path) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("module");
    fs::create_dir_all(&folder).expect("it can be made");
    let library = format!("{DLL_PREFIX}intune_sync_python{DLL_SUFFIX}");
    let name = match cfg!(windows) {
        true => "intune_sync.pyd",
        false => "intune_sync.abi3.so",
    };
    fs::copy(tests.join(library), folder.join(name)).expect("cargo has built it");
    folder
}

#[test]
fn calls() {
    let Some(python) = python() else {
        eprintln!("skipped: there is no Python 3.10 or later");
        return;
    };
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let this = env::current_exe().expect("this program");
    let tests = this.parent().expect("target/release/deps");
    let built = tests.parent().expect("target/release");
    let program = built.join("intune-sync").with_extension(EXE_EXTENSION);
    let ended = Command::new(python)
        .args(["-m", "unittest", "test_calls"])
        .current_dir(here.join("../../tests/python"))
        .env("PYTHONPATH", module(tests))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TESTED_PROGRAM", program)
        .env("TESTED_STUBS", here.join("intune_sync.pyi"))
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}
