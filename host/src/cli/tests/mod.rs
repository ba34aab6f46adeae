//! The whole command line: arguments, variables and files to typed options, and each way to get them wrong.

mod bad_input;
mod demo;
mod examples;
mod identity;
mod job;
mod layers;
mod rehearse;

use std::{ffi::OsString, path::PathBuf};

use intune_sync_settings::Advice;
use intune_sync_wit::Guid;

use super::{Command, JobOptions, parse_with, tree};

const ID: &str = "00112233-4455-6677-8899-aabbccddeeff";
const GUID: Guid = Guid {
    hi: 0x0011_2233_4455_6677,
    lo: 0x8899_aabb_ccdd_eeff,
};

/// What `intune-sync` makes of `line`, split at blanks, with these variables.
fn parse(line: &str, variables: &[(&str, &str)]) -> Result<Command, Advice> {
    let args = std::iter::once("intune-sync")
        .chain(line.split_whitespace())
        .map(OsString::from);
    let says_which = [
        "INTUNE_SYNC_CONFIG",
        "INTUNE_SYNC_NO_CONFIG",
        "XDG_CONFIG_HOME",
    ];
    // The file of whose machine this is has no part in it.
    let none = (!variables.iter().any(|(name, _)| says_which.contains(name)))
        .then_some(("INTUNE_SYNC_NO_CONFIG", "true"));
    let variables: Vec<(OsString, OsString)> = variables
        .iter()
        .copied()
        .chain(none)
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    parse_with(args, &variables).map(|invocation| invocation.command)
}

fn job(line: &str, variables: &[(&str, &str)]) -> JobOptions {
    match parse(line, variables) {
        Ok(Command::Job(job)) => *job,
        other => panic!("{line}: {other:?}"),
    }
}

fn usage(line: &str, variables: &[(&str, &str)]) -> Advice {
    match parse(line, variables) {
        Err(error) => {
            for text in [&error.message, &error.hint] {
                assert!(
                    !text.is_empty() && !text.ends_with('.') && !text.contains('\n'),
                    "{line}: {text:?}"
                );
            }
            error
        }
        Ok(command) => panic!("{line}: {command:?}"),
    }
}

/// A folder with one file.
fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("there is room for a file");
    (folder, path)
}

#[test]
fn the_tree_is_sound() {
    tree::command().debug_assert();
}

#[test]
fn help_and_version_are_pages() {
    for line in [
        "--help",
        "-h",
        "help sync",
        "sync --help",
        "plan -h",
        "demo --help",
        "rehearse --help",
        "simulate --help",
        "--version",
    ] {
        let Ok(Command::Show(page)) = parse(line, &[]) else {
            panic!("{line}")
        };
        assert!(page.plain.contains("intune-sync"), "{line}");
        assert!(!page.plain.contains('\u{1b}'), "{line}");
    }
}
