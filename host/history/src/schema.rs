//! The tables, and how a file of an earlier version becomes one of this.

use rusqlite::{Connection, TransactionBehavior};

/// The version of the tables that this program writes.
pub const VERSION: u32 = MIGRATIONS.len() as u32;

/// What names a file as ours: `isyh`.
pub(crate) const APPLICATION: i32 = 0x6973_7968;

/// What makes a file of each version one of the next. Number 0 makes an empty file one of version 1. Only ever add to
/// these.
const MIGRATIONS: [&str; 4] = [
    "
    CREATE TABLE run (
        id TEXT PRIMARY KEY,            -- RunId in the output: 20261126-041500-9c1f
        started_at TEXT NOT NULL,       -- RFC 3339, UTC
        ended_at TEXT,
        purpose TEXT NOT NULL,          -- sync
        cloud TEXT NOT NULL,
        tenant TEXT NOT NULL,
        app TEXT NOT NULL,
        settings TEXT NOT NULL,         -- JSON: whom to sync is in `selection`, the rest here
        selection TEXT NOT NULL,        -- JSON
        arguments TEXT NOT NULL,        -- JSON: those of the command that `runs resume` gives again
        program TEXT NOT NULL,          -- its version
        component_sha256 TEXT NOT NULL,
        resumes TEXT REFERENCES run(id),-- the run of which this one is the next part
        outcome TEXT,                   -- NULL: under way, or killed
        -- The counts are those of all parts so far.
        total INTEGER NOT NULL DEFAULT 0,
        success INTEGER NOT NULL DEFAULT 0,
        error INTEGER NOT NULL DEFAULT 0,
        skipped INTEGER NOT NULL DEFAULT 0,
        gone INTEGER NOT NULL DEFAULT 0,
        pending INTEGER NOT NULL DEFAULT 0,
        batches INTEGER NOT NULL DEFAULT 0,
        retries INTEGER NOT NULL DEFAULT 0,
        throttled INTEGER NOT NULL DEFAULT 0,
        requests INTEGER NOT NULL DEFAULT 0,
        duration_ms INTEGER NOT NULL DEFAULT 0,
        evidence_sha256 TEXT            -- the hash of the last request
    ) WITHOUT ROWID, STRICT;

    CREATE TABLE device (
        run TEXT NOT NULL REFERENCES run(id),
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        os TEXT NOT NULL,
        outcome TEXT NOT NULL,          -- pending, accepted, failed, skipped, gone
        attempts INTEGER NOT NULL,
        status INTEGER,
        code TEXT,
        message TEXT,
        request_id TEXT,
        client_request_id TEXT,
        at INTEGER NOT NULL,            -- milliseconds since 1970
        PRIMARY KEY (run, id)
    ) WITHOUT ROWID, STRICT;
    CREATE INDEX device_failed ON device (run) WHERE outcome = 'failed';

    CREATE TABLE request (
        run TEXT NOT NULL REFERENCES run(id),
        seq INTEGER NOT NULL,           -- from 1, in the order in which they left
        at INTEGER NOT NULL,            -- milliseconds since 1970
        kind TEXT NOT NULL,             -- list, sync, batch, bulk
        devices TEXT NOT NULL,          -- their ids, with spaces between them
        status INTEGER,                 -- NULL: no response
        request_id TEXT,
        ms INTEGER,                     -- from the request to the response
        hash BLOB,                      -- over the row and the hash before it
        PRIMARY KEY (run, seq)
    ) WITHOUT ROWID, STRICT;

    CREATE TABLE confirmation (
        run TEXT NOT NULL REFERENCES run(id),
        device TEXT NOT NULL,
        last_sync_at TEXT,
        checked_at TEXT NOT NULL,
        PRIMARY KEY (run, device)
    ) WITHOUT ROWID, STRICT;
",
    "
    -- Syncs in 1,000 seconds that are known to be admitted; NULL: nothing was throttled.
    ALTER TABLE run ADD COLUMN learned_rate INTEGER;
    -- Whether a bulk call counts as one write for each device that it carries.
    ALTER TABLE run ADD COLUMN bulk_counts_devices INTEGER;
",
    "
    -- How far this machine's clock was ahead of Graph's, in milliseconds; NULL: hardly.
    ALTER TABLE run ADD COLUMN clock_ahead_ms INTEGER;
    -- When to find out who has checked in, in milliseconds since 1970; NULL: nobody has asked for that.
    ALTER TABLE run ADD COLUMN confirm_at INTEGER;
    -- When that was done.
    ALTER TABLE run ADD COLUMN confirmed_at TEXT;
    -- Whether the device has checked in since its sync was accepted.
    ALTER TABLE confirmation ADD COLUMN checked_in INTEGER NOT NULL DEFAULT 0;
",
    "
    -- Why the run ended before its work was done, and what helps.
    ALTER TABLE run ADD COLUMN problem TEXT;
    ALTER TABLE run ADD COLUMN hint TEXT;

    -- When everything waited, because Graph throttled the run. A response to a batch says so of its items only, so that
    -- this cannot be read from `request`.
    CREATE TABLE wait (
        run TEXT NOT NULL REFERENCES run(id),
        at INTEGER NOT NULL,            -- milliseconds since 1970
        ms INTEGER NOT NULL,            -- how long
        PRIMARY KEY (run, at)
    ) WITHOUT ROWID, STRICT;
",
];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It has no tables.
    Empty,
    /// A history of this version.
    History(u32),
    /// Another program's.
    Foreign,
}

/// Finds out what a file is.
pub(crate) fn kind(connection: &Connection) -> rusqlite::Result<Kind> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (number("application_id")?, tables) {
        (APPLICATION, _) => {
            Kind::History(u32::try_from(number("user_version")?).unwrap_or(u32::MAX))
        }
        (0, 0) => Kind::Empty,
        _ => Kind::Foreign,
    })
}

/// Brings a file to this version, in one transaction. Two programs may do so at once: the second finds it done.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = match kind(&transaction)? {
        Kind::History(version) => version,
        Kind::Empty | Kind::Foreign => 0,
    };
    for migration in MIGRATIONS.iter().skip(from as usize) {
        transaction.execute_batch(migration)?;
    }
    if from < VERSION {
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}
