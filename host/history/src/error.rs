//! What can be wrong with the history, and what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use intune_sync_settings::Advice;
use rusqlite::ErrorCode;

/// The history, or the directory that it is in, cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}", .problem.about(.path))]
pub struct Error {
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// It cannot be created or written; who owns it, where it is another user's.
    Unwritable {
        /// The system's reason.
        reason: String,
        /// The user id of its owner.
        owner: Option<u32>,
    },
    /// No directory of this machine is meant for state.
    Homeless,
    /// The disk is full.
    Full,
    /// It is damaged.
    Damaged(String),
    /// It is another program's file.
    Foreign,
    /// A newer version of the program has written it.
    Newer {
        /// Its version.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// Another program has kept it locked.
    Busy,
    /// The file system has no locks.
    NoLocks(String),
    /// Reading or writing failed.
    Io(String),
    /// It has no such run.
    NoSuchRun(String),
    /// The run's record is incomplete, since writing it failed earlier.
    Broken(Box<Problem>),
}

impl Error {
    pub(crate) fn new(path: &Path, problem: Problem) -> Self {
        let path = path.to_owned();
        Self { path, problem }
    }

    /// A failed call of the operating system.
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        let problem = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Problem::Full,
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotFound => Problem::unwritable(path, error.to_string()),
            _ => Problem::Io(error.to_string()),
        };
        Self::new(path, problem)
    }

    /// A failed call of SQLite.
    pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let reason = match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
            other => other.to_string(),
        };
        let problem = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Problem::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Problem::Damaged(reason),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Problem::Busy,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Problem::unwritable(path, reason)
            }
            _ => Problem::Io(reason),
        };
        Self::new(path, problem)
    }

    /// What is wrong, and what to do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        Advice::new(self.to_string(), self.problem.hint(&self.path))
    }
}

impl From<Error> for Advice {
    fn from(error: Error) -> Self {
        error.advice()
    }
}

impl Problem {
    fn unwritable(path: &Path, reason: String) -> Self {
        let owner = owner(path).or_else(|| owner(path.parent()?));
        Self::Unwritable { reason, owner }
    }

    /// The sentence, with the file or directory in it.
    fn about(&self, path: &Path) -> String {
        let (place, path) = (path, path.display());
        match self {
            Self::Unwritable {
                reason,
                owner: Some(owner),
            } => format!("cannot write the history at `{path}`, of user {owner}: {reason}"),
            Self::Unwritable {
                reason,
                owner: None,
            } => format!("cannot write the history at `{path}`: {reason}"),
            Self::Homeless => "there is no directory for the history: `HOME` is not set".to_owned(),
            Self::Full => format!("no space is left for the history at `{path}`"),
            Self::Damaged(reason) => format!("the history `{path}` is damaged: {reason}"),
            Self::Foreign => format!("`{path}` is a database of another program"),
            Self::Newer { found, known } => format!(
                "the history `{path}` has version {found}, and this program knows up to {known}"
            ),
            Self::Busy => format!("another program keeps the history `{path}` locked"),
            Self::NoLocks(reason) => format!("cannot lock `{path}`: {reason}"),
            Self::Io(reason) => format!("cannot use the history `{path}`: {reason}"),
            Self::NoSuchRun(run) => format!("the history `{path}` has no run `{run}`"),
            Self::Broken(problem) => format!(
                "the rest of the run is not in the history: {}",
                problem.about(place)
            ),
        }
    }

    fn hint(&self, path: &Path) -> String {
        const ELSEWHERE: &str = "`--state-dir`, or run without a history: `--no-history`";
        match self {
            Self::Unwritable { .. } => {
                format!("run as the directory's owner, give another directory with {ELSEWHERE}")
            }
            Self::Homeless => format!("give a directory with {ELSEWHERE}"),
            Self::Full => format!(
                "make space (`intune-sync runs prune --keep 10` deletes old runs), give another directory with {ELSEWHERE}"
            ),
            Self::Damaged(_) => format!(
                "keep what is left with `sqlite3 '{}' .recover`, move the file away, and run it again",
                path.display()
            ),
            Self::Foreign => format!("give another directory with {ELSEWHERE}"),
            Self::Newer { .. } => format!(
                "use the newer program that wrote it, or give another directory with {ELSEWHERE}"
            ),
            Self::Busy => {
                "end the program that has it open, such as `sqlite3`, and run it again".to_owned()
            }
            Self::NoLocks(_) => format!("give a directory on a local disk with {ELSEWHERE}"),
            Self::Io(_) => format!("check the disk, give another directory with {ELSEWHERE}"),
            Self::NoSuchRun(_) => "`intune-sync runs list` lists them".to_owned(),
            Self::Broken(problem) => problem.hint(path),
        }
    }
}

/// The user who owns a file or directory.
#[cfg(unix)]
fn owner(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|metadata| metadata.uid())
}

#[cfg(not(unix))]
fn owner(_: &Path) -> Option<u32> {
    None
}
