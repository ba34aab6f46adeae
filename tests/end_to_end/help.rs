//! The help pages, as they are read.

use insta::assert_snapshot;

use crate::program::Program;

fn page(args: &[&str]) -> String {
    let finished = Program::new().args(args.iter().copied()).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(finished.stderr, "");
    assert!(!finished.stdout.contains('\x1b'), "{finished:?}");
    finished.stdout
}

#[test]
fn of_the_program() {
    assert_snapshot!(page(&["--help"]));
}

#[test]
fn of_sync() {
    assert_snapshot!(page(&["sync", "--help"]));
}

#[test]
fn of_plan() {
    assert_snapshot!(page(&["plan", "--help"]));
}

#[test]
fn of_demo() {
    assert_snapshot!(page(&["demo", "--help"]));
}

#[test]
fn of_rehearse() {
    assert_snapshot!(page(&["rehearse", "--help"]));
}

#[test]
fn of_simulate() {
    assert_snapshot!(page(&["simulate", "--help"]));
}

#[test]
fn of_doctor() {
    assert_snapshot!(page(&["doctor", "--help"]));
}

#[test]
fn of_grant() {
    assert_snapshot!(page(&["grant", "--help"]));
}

#[test]
fn of_notify() {
    assert_snapshot!(page(&["notify", "test", "--help"]));
}

#[test]
fn of_audit() {
    assert_snapshot!(page(&["audit", "--help"]));
}

#[test]
fn of_runs() {
    assert_snapshot!(page(&["runs", "--help"]));
}

#[test]
fn the_short_page_says_the_same_in_fewer_words() {
    let (short, long) = (page(&["sync", "-h"]), page(&["sync", "--help"]));
    assert!(short.len() < long.len());
    let flags = |page: &str| {
        page.split_whitespace()
            .filter(|word| word.starts_with("--"))
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(flags(&short), flags(&long));
}

#[test]
fn the_version_is_the_workspace_s() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(page(&["--version"]), format!("intune-sync {version}\n"));
}
