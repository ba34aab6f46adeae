//! What is wrong with a file or a directory is found when it is opened, with what to do about it.

use std::{fs, path::Path};

use intune_sync_history::{
    Error, History, Journal, Problem, RunFilter, StateDir, VERSION, Verification,
};
use rusqlite::Connection;

use crate::{record::small_run, support::header};

fn refused(place: &StateDir) -> Error {
    let error = History::open(place).expect_err("it cannot be used");
    let advice = error.advice();
    assert!(!advice.hint.is_empty(), "{advice:?}");
    assert!(!advice.message.ends_with('.'), "{advice:?}");
    error
}

#[test]
fn a_new_file_has_this_version_and_a_write_ahead_log() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    assert!(
        History::open_existing(&place)
            .expect("there is none")
            .is_none()
    );
    let history = History::open(&place).expect("it can be opened");
    assert_eq!(history.journal(), Journal::WriteAhead);
    let tables = Connection::open(place.file()).expect("it is SQLite");
    let version = tables.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    assert_eq!(version.expect("a number"), VERSION);
}

#[test]
fn anyone_can_read_it_with_sqlite() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    small_run(&place, 1);
    let tables = Connection::open(place.file()).expect("it is SQLite");
    let name: String = tables
        .query_row(
            "select name from device where run = ?1 and outcome = 'failed'",
            [header(1).id],
            |row| row.get(0),
        )
        .expect("there is one");
    assert_eq!(name, "PC-00002");
}

#[test]
#[cfg(unix)]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path().join("state"));
    let mode = |path: &Path| {
        let metadata = fs::metadata(path).expect("it is there");
        metadata.permissions().mode() & 0o777
    };
    let history = History::open(&place).expect("it can be opened");
    history.runs(&RunFilter::default()).expect("it can be read");
    assert_eq!(mode(place.path()), 0o700);
    for file in fs::read_dir(place.path()).expect("it is there") {
        let path = file.expect("it is there").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(history);
    fs::set_permissions(place.file(), fs::Permissions::from_mode(0o644)).expect("it is ours");
    History::open(&place).expect("it can be opened");
    assert_eq!(
        mode(&place.file()),
        0o600,
        "what was open to others is closed"
    );
}

/// Files of each earlier version, as the programs of then wrote them.
#[test]
fn an_older_file_is_migrated_with_all_that_is_in_it() {
    let versions = [
        (include_str!("v1.sql"), None),
        (include_str!("v2.sql"), Some(9_000)),
        (include_str!("v3.sql"), Some(9_000)),
    ];
    assert_eq!(versions.len() + 1, VERSION as usize, "the one before this");
    for (version, (tables, learned)) in (1..).zip(versions) {
        let directory = tempfile::tempdir().expect("a directory");
        let place = StateDir::at(directory.path());
        let old = Connection::open(place.file()).expect("it is SQLite");
        old.execute_batch(tables).expect("it can be written");
        let number = |name: &str| old.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
        assert_eq!(number("user_version"), Ok(version));
        drop(old);
        let history = History::open(&place).expect("it can be migrated");
        let runs = history.runs(&RunFilter::default()).expect("it can be read");
        let [run] = runs.as_slice() else {
            panic!("{runs:?}");
        };
        let rate = run.learned().map(|learned| learned.rate);
        assert_eq!((run.totals.success, rate), (6, learned));
        assert!(!run.awaits_confirmation());
        let verified = history.verify(run).expect("it can be read");
        assert!(matches!(verified, Verification::Whole { requests: 3, .. }));
        drop(history);
        small_run(&place, 1);
    }
}

#[test]
fn a_newer_file_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    small_run(&place, 1);
    let tables = Connection::open(place.file()).expect("it is SQLite");
    tables
        .pragma_update(None, "user_version", VERSION + 1)
        .expect("a number");
    drop(tables);
    let expected = Problem::Newer {
        found: VERSION + 1,
        known: VERSION,
    };
    assert_eq!(refused(&place).problem, expected);
}

#[test]
fn another_programs_file_is_refused_and_stays_as_it_was() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    let tables = Connection::open(place.file()).expect("it is SQLite");
    tables
        .execute_batch("CREATE TABLE other (x)")
        .expect("it can be written");
    drop(tables);
    let before = fs::read(place.file()).expect("it is there");
    assert_eq!(refused(&place).problem, Problem::Foreign);
    assert_eq!(fs::read(place.file()).expect("it is there"), before);
}

#[test]
fn a_damaged_file_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    fs::write(
        place.file(),
        "this is a text, and was never a database\n".repeat(200),
    )
    .expect("it can be written");
    assert!(matches!(refused(&place).problem, Problem::Damaged(_)));
    fs::remove_file(place.file()).expect("it is ours");

    small_run(&place, 1);
    let mut bytes = fs::read(place.file()).expect("it is there");
    bytes.truncate(bytes.len() / 2);
    for byte in &mut bytes[100..] {
        *byte ^= 0x5a;
    }
    fs::write(place.file(), bytes).expect("it can be written");
    assert!(matches!(refused(&place).problem, Problem::Damaged(_)));
}

#[test]
fn a_directory_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    fs::write(&file, "").expect("it can be written");
    for path in [file.join("state"), file] {
        let error = refused(&StateDir::at(&path));
        assert!(
            error.to_string().contains(&*path.to_string_lossy()),
            "{error}"
        );
        assert!(
            matches!(error.problem, Problem::Unwritable { .. }),
            "{error:?}"
        );
    }
    // Everyone may try this one, and nobody can.
    #[cfg(target_os = "linux")]
    assert!(matches!(
        refused(&StateDir::at("/proc/self/state")).problem,
        Problem::Unwritable { .. }
    ));
}

#[test]
fn two_programs_create_it_at_once() {
    for _ in 0..20 {
        let directory = tempfile::tempdir().expect("a directory");
        let place = StateDir::at(directory.path().join("state"));
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| History::open(&place).map(drop)))
                .collect();
            for one in all {
                one.join().expect("it ends").expect("it can be opened");
            }
        });
    }
}

/// A page in the middle that is damaged would show in the middle of a run.
#[test]
fn damage_in_the_middle_is_found_by_the_check() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    small_run(&place, 1);
    let history = History::open(&place).expect("it can be opened");
    history.check().expect("it is whole");
    drop(history);
    let mut bytes = fs::read(place.file()).expect("it can be read");
    let pages = bytes.len() / 4_096;
    for page in 2..pages {
        bytes[page * 4_096..][..64].fill(0xff);
    }
    fs::write(place.file(), bytes).expect("it can be written");
    let problem = match History::open(&place) {
        Ok(history) => history.check().expect_err("it is damaged").problem,
        Err(error) => error.problem,
    };
    assert!(matches!(problem, Problem::Damaged(_)), "{problem:?}");
}
