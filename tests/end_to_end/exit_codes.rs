//! The README, the reference and the program's help list the exit codes as `ExitStatus` has them.

use std::{fs, path::Path};

use intune_sync_report::ExitStatus;

use crate::program::Program;

/// `sync --help` lists each with its meaning, after everything else.
#[test]
fn in_the_help_of_sync() {
    let help = Program::new().args(["sync", "--help"]).run().stdout;
    let (_, table) = help.split_once("Exit codes:\n").expect("a table");
    let table = table.split("\n\n").next().unwrap_or_default();
    assert_eq!(table.trim_end(), ExitStatus::table());
}

/// Both tables list each, and begin with the same words.
#[test]
fn in_the_readme_and_the_reference() {
    for page in ["README.md", "docs/reference.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        lists_each(&fs::read_to_string(path).expect("the page is there"));
    }
}

fn lists_each(page: &str) {
    let (_, section) = page.split_once("\n| Code | Meaning |").expect("a table");
    let rows: Vec<(&str, &str)> = section
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            (
                cells.next().unwrap_or_default(),
                cells.next().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(rows.len(), ExitStatus::ALL.len(), "{rows:?}");
    for (status, (code, meaning)) in ExitStatus::ALL.into_iter().zip(rows) {
        assert_eq!(code, status.code().to_string());
        assert!(meaning.starts_with(status.meaning()), "{code}: {meaning}");
    }
}
