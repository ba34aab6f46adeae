//! What `verify` finds.

use intune_sync_history::{History, Recorder, StateDir, Verification};
use intune_sync_wit::RunStatus;
use rusqlite::Connection;

use crate::support::{exchange, header, summary};

/// What is found after this was done to a run of five requests.
fn after(change: &str) -> Verification {
    let directory = tempfile::tempdir().expect("a directory");
    let place = StateDir::at(directory.path());
    let history = History::open(&place).expect("it can be opened");
    let recorder = Recorder::begin(history, &header(1), None).expect("it begins");
    for number in 1..=5 {
        exchange(&recorder, [number]);
    }
    let ended = recorder.end(&summary(5, 5, 0, RunStatus::Completed), "completed", "now");
    let evidence = ended.expect("it ends");
    let tables = Connection::open(place.file()).expect("it is SQLite");
    tables.execute_batch(change).expect("it can be changed");
    drop(tables);
    let history = History::open(&place).expect("it can be opened");
    let run = history.run(&header(1).id).expect("it is there");
    let verified = history.verify(&run).expect("it can be read");
    if change.is_empty() {
        assert_eq!(
            verified,
            Verification::Whole {
                requests: 5,
                evidence
            }
        );
        assert_eq!(run.evidence_sha256, Some(evidence.to_string()));
    }
    verified
}

#[test]
fn an_untouched_run_is_whole() {
    after("");
}

#[test]
fn the_first_row_that_was_changed_is_named() {
    for column in [
        "at = 1",
        "kind = 'sync'",
        "devices = ''",
        "status = 204",
        "status = NULL",
        "request_id = NULL",
        "ms = 1",
        "hash = x'00'",
    ] {
        let change = format!("UPDATE request SET {column} WHERE seq IN (3, 5)");
        assert_eq!(after(&change), Verification::Changed { seq: 3 }, "{column}");
    }
    for column in [
        "tenant",
        "app",
        "selection",
        "component_sha256",
        "started_at",
    ] {
        let change = format!("UPDATE run SET {column} = 'other'");
        assert_eq!(after(&change), Verification::Changed { seq: 1 }, "{column}");
    }
}

#[test]
fn the_first_row_that_was_removed_is_named() {
    for seq in 1..=5 {
        let change = format!("DELETE FROM request WHERE seq = {seq}");
        assert_eq!(after(&change), Verification::Removed { seq });
    }
}

#[test]
fn a_row_that_was_inserted_is_named() {
    const ROW: &str = "INSERT INTO request SELECT run, $, at, kind, devices, status, request_id, ms, hash \
                       FROM request WHERE seq = 2";
    for seq in ["0", "-3", "6"] {
        let expected = seq.parse().expect("a number");
        let verified = after(&ROW.replace('$', seq));
        assert_eq!(verified, Verification::Inserted { seq: expected });
    }
    // Between two others: it is the first that is not as it was written.
    let between = format!(
        "UPDATE request SET seq = seq + 1000 WHERE seq > 2; UPDATE request SET seq = seq - 999 WHERE seq > 1000; {}",
        ROW.replace('$', "3")
    );
    assert_eq!(after(&between), Verification::Changed { seq: 3 });
}
