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
fn of_report() {
    assert_snapshot!(page(&["report", "--help"]));
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
fn of_config() {
    assert_snapshot!(page(&["config", "--help"]));
}

#[test]
fn of_completions() {
    assert_snapshot!(page(&["completions", "--help"]));
}

#[test]
fn of_man() {
    assert_snapshot!(page(&["man", "--help"]));
}

#[test]
fn each_page_says_where_more_is_written_and_most_have_examples() {
    for command in [
        "sync",
        "plan",
        "demo",
        "rehearse",
        "simulate",
        "doctor",
        "grant",
        "audit",
        "runs",
        "config",
        "completions",
        "man",
        "runs show",
        "config check",
    ] {
        let words = || command.split(' ');
        for help in ["-h", "--help"] {
            let page = page(&words().chain([help]).collect::<Vec<_>>());
            assert!(
                page.contains("\nMore: `intune-sync man`"),
                "{command} {help}"
            );
        }
        if !command.contains(' ') && command != "config" {
            let long = page(&words().chain(["--help"]).collect::<Vec<_>>());
            assert!(long.contains("Examples:\n"), "{command}");
        }
    }
}

#[test]
fn all_pages_of_man_are_written_and_each_can_be_printed() {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let dir = folder.path().join("man1");
    let written = Program::new()
        .args(["man", "--dir", dir.to_str().expect("UTF-8")])
        .run();
    assert_eq!(written.code, 0, "{written:?}");
    let one = std::fs::read_to_string(dir.join("intune-sync-runs-show.1"));
    assert_eq!(one.expect("it is there"), page(&["man", "runs", "show"]));
    let all = std::fs::read_dir(&dir).expect("it is there").flatten();
    let names: Vec<String> = all
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        names.len() > 20 && !names.iter().any(|name| name.contains("compile")),
        "{names:?}"
    );
    let unknown = Program::new().args(["man", "runs", "banana"]).run();
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert_eq!(
        unknown.error().0,
        "`banana` is not a command of `intune-sync runs`"
    );
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
