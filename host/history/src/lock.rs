//! The lock of a tenant and an identity: one run at a time.
//!
//! The system drops it with the process, so that what a dead process leaves does not get in the way. Who holds it is
//! in a second file, since a locked file cannot be read on Windows.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Problem, StateDir, Subject, place::create_private};

/// Held until it is dropped.
#[derive(Debug)]
#[must_use = "it is released when it is dropped"]
pub struct Lock {
    _file: File,
}

/// What came of [`Lock::take`].
#[derive(Debug)]
pub enum Held {
    /// By this process.
    Here(Lock),
    /// By another one.
    Elsewhere(Holder),
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The machine that it runs on.
    pub host: String,
    /// When it began: RFC 3339, in UTC.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, host, since } = self;
        write!(f, "process {pid} on `{host}`, since {since}")
    }
}

impl Lock {
    /// Takes the lock of this tenant and identity, if no other process has it. `since` is the time of day.
    ///
    /// # Errors
    ///
    /// When the directory cannot be written, or its file system has no locks.
    pub fn take(place: &StateDir, subject: &Subject, since: &str) -> Result<Held, Error> {
        place.create()?;
        let [lock, holder] = files(place.path(), subject);
        let file = create_private(&lock)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Held::Elsewhere(read(&holder))),
            Err(TryLockError::Error(error)) => {
                return Err(Error::new(&lock, Problem::NoLocks(error.to_string())));
            }
        }
        let this = Holder {
            pid: std::process::id(),
            host: host(),
            since: since.to_owned(),
        };
        let text = serde_json::to_string(&this).unwrap_or_default();
        create_private(&holder)?;
        fs::write(&holder, text).map_err(|error| Error::io(&holder, &error))?;
        Ok(Held::Here(Self { _file: file }))
    }

    /// Who holds the lock of this tenant and identity, if any process does.
    #[must_use]
    pub fn holder(place: &StateDir, subject: &Subject) -> Option<Holder> {
        let [lock, holder] = files(place.path(), subject);
        let file = File::open(lock).ok()?;
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| read(&holder))
    }
}

/// The file that is locked, and the one that says by whom.
fn files(directory: &Path, subject: &Subject) -> [PathBuf; 2] {
    let mut hash = Sha256::new();
    for text in [&subject.cloud, &subject.tenant, &subject.app] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let hash: String = hash.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    ["lock", "holder"].map(|kind| directory.join(format!("run-{hash}.{kind}")))
}

/// A process that has only just taken the lock may not have written who it is.
fn read(path: &Path) -> Holder {
    let text = fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|_| Holder {
        pid: 0,
        host: "unknown".to_owned(),
        since: "now".to_owned(),
    })
}

/// The name of this machine.
#[must_use]
pub fn host() -> String {
    let file = || fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let variable = |name| std::env::var(name).ok();
    file()
        .or_else(|| variable("COMPUTERNAME"))
        .or_else(|| variable("HOSTNAME"))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(app: &str) -> Subject {
        Subject {
            cloud: "public".to_owned(),
            tenant: "t".to_owned(),
            app: app.to_owned(),
        }
    }

    #[test]
    fn a_tenant_and_identity_has_one_lock() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = StateDir::at(directory.path());
        let take = |app| Lock::take(&place, &subject(app), "2026-11-26T04:00:00Z");
        let Ok(Held::Here(first)) = take("a") else {
            panic!("it is free");
        };
        let Ok(Held::Elsewhere(holder)) = take("a") else {
            panic!("it is taken");
        };
        assert_eq!(holder.pid, std::process::id());
        assert_eq!(holder.since, "2026-11-26T04:00:00Z");
        assert_eq!(Lock::holder(&place, &subject("a")), Some(holder));
        assert_eq!(Lock::holder(&place, &subject("b")), None);
        assert!(matches!(take("b"), Ok(Held::Here(_))));
        drop(first);
        // What it has left behind does not get in the way.
        assert_eq!(Lock::holder(&place, &subject("a")), None);
        assert!(matches!(take("a"), Ok(Held::Here(_))));
    }
}
