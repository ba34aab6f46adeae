//! Opens the file of the history: creates and migrates it, and finds out what is wrong with it before anything is sent.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{
    Error, Problem, StateDir,
    place::create_private,
    schema::{self, Kind, VERSION},
};

/// How long another program may keep the file locked.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the file is kept whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// A write-ahead log: reading goes on while a run writes.
    WriteAhead,
    /// A rollback journal, where the file system has no shared memory.
    Rollback,
}

/// An open history.
#[derive(Debug)]
pub struct History {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    journal: Journal,
}

impl History {
    /// Opens the history in this directory; creates both if there is none, and migrates it if it is older than the
    /// program. That it can be written is known when this returns.
    ///
    /// # Errors
    ///
    /// When it cannot be used, whatever the reason.
    pub fn open(place: &StateDir) -> Result<Self, Error> {
        place.create()?;
        let path = place.file();
        drop(create_private(&path)?);
        let problem = |error| Error::sqlite(&path, &error);
        let open = |locking, without_memory| {
            connect(&path, locking).and_then(|connection| prepare(connection, without_memory))
        };
        let mut opened = open("NORMAL", place.is_shared());
        // Where several programs create the file at once, SQLite does not wait for the one that turns on its log.
        let begun = Instant::now();
        while let Err(error) = &opened
            && is_busy(error)
            && begun.elapsed() < PATIENCE
        {
            thread::sleep(Duration::from_millis(20));
            opened = open("NORMAL", place.is_shared());
        }
        let opened = opened.or_else(|error| match no_shared_memory(&error) {
            // As long as nobody else has it open, it needs none.
            true => open("EXCLUSIVE", true),
            false => Err(error),
        });
        let (mut connection, journal) = match opened.map_err(problem)? {
            Prepared::Ready(connection, journal) => (connection, journal),
            Prepared::Foreign => return Err(Error::new(&path, Problem::Foreign)),
            Prepared::Newer(found) => {
                let known = VERSION;
                return Err(Error::new(&path, Problem::Newer { found, known }));
            }
        };
        schema::migrate(&mut connection).map_err(problem)?;
        // A write, so that a full disk and a directory without room for a journal show now.
        connection
            .pragma_update(None, "application_id", schema::APPLICATION)
            .map_err(problem)?;
        Ok(Self {
            connection,
            path,
            journal,
        })
    }

    /// Opens the history if there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be used, whatever the reason.
    pub fn open_existing(place: &StateDir) -> Result<Option<Self>, Error> {
        match place.file().exists() {
            true => Self::open(place).map(Some),
            false => Ok(None),
        }
    }

    /// Checks that the whole file can be read: a page that is damaged would show in the middle of a run only. It takes
    /// about a second for a gigabyte.
    ///
    /// # Errors
    ///
    /// When it is damaged.
    pub fn check(&self) -> Result<(), Error> {
        let check = "PRAGMA quick_check(1)";
        let found: String = self
            .connection
            .query_row(check, [], |row| row.get(0))
            .map_err(|error| self.error(&error))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(Error::new(&self.path, Problem::Damaged(found))),
        }
    }

    /// How it is kept whole.
    #[must_use]
    pub const fn journal(&self) -> Journal {
        self.journal
    }

    pub(crate) fn error(&self, error: &rusqlite::Error) -> Error {
        Error::sqlite(&self.path, error)
    }
}

fn connect(path: &Path, locking: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // This has to come before the first access, which the others are.
    connection.pragma_update(None, "locking_mode", locking)?;
    // `FULL`, and where a commit is the deletion of a rollback journal, that is synced too.
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    // The log of a run of a million devices stays small, and so does the memory.
    connection.pragma_update(None, "cache_size", -8_000)?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    // A page that changes often is moved from the log to the table less often: after 16 MB.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    Ok(connection)
}

/// What came of looking at a file.
enum Prepared {
    /// It is empty, or a history.
    Ready(Connection, Journal),
    /// It is another program's.
    Foreign,
    /// It is a history of this newer version.
    Newer(u32),
}

/// Sees that the file is ours, and that it is kept whole: with a write-ahead log, or with a rollback journal where the
/// file system is shared, or has no shared memory.
fn prepare(connection: Connection, without_memory: bool) -> rusqlite::Result<Prepared> {
    match schema::kind(&connection)? {
        Kind::Empty => connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?,
        Kind::History(found) if found > VERSION => return Ok(Prepared::Newer(found)),
        Kind::History(_) => {}
        Kind::Foreign => return Ok(Prepared::Foreign),
    }
    let set = |mode: &str| {
        let mode = connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0));
        mode.map(|mode: String| mode == "wal")
    };
    let journal = match !without_memory && set("WAL")? {
        true => {
            // Whether there is shared memory shows with the first access to the log.
            schema::kind(&connection)?;
            Journal::WriteAhead
        }
        false => {
            set("DELETE")?;
            connection.pragma_update(None, "locking_mode", "NORMAL")?;
            Journal::Rollback
        }
    };
    Ok(Prepared::Ready(connection, journal))
}

/// Whether another program has the file locked.
fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// What SQLite says on a file system without shared memory.
fn no_shared_memory(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen)
    )
}
