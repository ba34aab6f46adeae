//! The help pages, as they are read.

use std::path::Path;

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
fn each_page_has_examples_and_says_where_more_is_written() {
    let mut commands = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = commands.pop() {
        let of = |help: &'static str| {
            let words = command.iter().map(String::as_str);
            page(&words.chain([help]).collect::<Vec<_>>())
        };
        let long = of("--help");
        for page in [&of("-h"), &long] {
            assert!(page.contains("\nMore: `intune-sync man`"), "{command:?}");
        }
        assert!(long.contains("\nExamples:\n"), "{command:?}");
        let below = subcommands(&long).map(|name| [&command[..], &[name.to_owned()]].concat());
        commands.extend(below);
        seen += 1;
    }
    assert!(seen > 25, "{seen} pages");
}

/// The names in the list of commands of a help page; `help` only repeats the others.
fn subcommands(page: &str) -> impl Iterator<Item = &str> {
    let list = page.split_once("\nCommands:\n").map(|(_, list)| list);
    let lines = list.into_iter().flat_map(str::lines);
    // A name begins in the third column; what begins further right continues the line above.
    let names = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !["", "help"].contains(name))
}

/// What the help names is where the packages put it, with all that the pages show.
#[test]
fn the_packages_bring_the_documentation_that_help_names() {
    let folder = "share/doc/intune-sync";
    assert!(page(&["-h"]).contains(&format!("(installed: {folder})")));
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(host.join("Cargo.toml")).expect("it is there");
    let mut folders = vec![host.join("../docs")];
    while let Some(from) = folders.pop() {
        for file in std::fs::read_dir(&from).expect("it is there").flatten() {
            let path = file.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let within = from.strip_prefix(host.join("..")).expect("it is below");
            let within = within.display();
            let extension = path.extension().unwrap_or_default().display();
            let deb = format!("[\"../{within}/*.{extension}\", \"usr/{folder}/{within}/\",");
            let rpm = format!("\"{within}/*.{extension}\", dest = \"/usr/{folder}/{within}/\",");
            for asset in [deb, rpm] {
                assert!(manifest.contains(&asset), "no {asset} for {path:?}");
            }
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
