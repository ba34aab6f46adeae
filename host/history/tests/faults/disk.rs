//! A disk in memory, as a VFS of SQLite: it can be full, fail, refuse shared memory, and lose its power.
//!
//! A write is in the file at once, and survives a loss of power only once the file was synced. What was written since
//! is kept, dropped or torn when the power fails, each write on its own. One connection at a time, so that locks have
//! nothing to do.

mod vfs;

use std::{
    collections::HashMap,
    ffi::c_int,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::ffi;

/// The part of a write that reaches the disk whole.
const SECTOR: usize = 512;

static DISK: Mutex<Option<Disk>> = Mutex::new(None);

/// When something goes wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// This write fails, counted from 1, with this code.
    pub(crate) write: Option<(u64, c_int)>,
    /// So do all that follow.
    pub(crate) lasting: bool,
    /// The power fails at this sync, counted from 1: before it has taken effect.
    pub(crate) power: Option<u64>,
    /// There is no shared memory.
    pub(crate) no_shared_memory: bool,
}

#[derive(Default)]
struct Disk {
    files: HashMap<String, Stored>,
    faults: Faults,
    writes: u64,
    syncs: u64,
    /// The power has failed.
    off: bool,
    /// How often the disk was started: an open file of an earlier time is gone.
    starts: u64,
}

#[derive(Default, Clone)]
struct Stored {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// Changes since the last sync.
    unsynced: Vec<Change>,
    /// The file is in the directory: now, and after a loss of power.
    exists: bool,
    exists_durably: bool,
    memory: Vec<*mut u8>,
}

// SAFETY: the pointers are to memory that is never freed, and that only SQLite uses, under its own locks.
unsafe impl Send for Stored {}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, data) => {
                let end = at + data.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(data);
            }
            Self::Truncate(length) => bytes.truncate(*length),
        }
    }
}

impl Disk {
    fn write(&mut self) -> c_int {
        self.writes += 1;
        match self.faults.write {
            _ if self.off => ffi::SQLITE_IOERR,
            Some((at, code)) if self.writes == at || self.faults.lasting && self.writes > at => {
                code
            }
            _ => ffi::SQLITE_OK,
        }
    }
}

/// Makes the disk the default of this process, and empties it. Holds off other tests until it is dropped.
pub(crate) fn start() -> Power {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    static REGISTERED: std::sync::Once = std::sync::Once::new();
    let only = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    REGISTERED.call_once(|| {
        let vfs = Box::leak(Box::new(vfs::vfs()));
        // SAFETY: it lives as long as the process, and its functions keep to SQLite's contract.
        let registered = unsafe { ffi::sqlite3_vfs_register(vfs, 1) };
        assert_eq!(registered, ffi::SQLITE_OK);
    });
    *disk() = Some(Disk::default());
    Power { _only: only }
}

/// The disk is this test's.
pub(crate) struct Power {
    _only: MutexGuard<'static, ()>,
}

impl Power {
    /// From now on these go wrong; writes and syncs are counted anew.
    pub(crate) fn plan(&self, faults: Faults) {
        with(|disk| {
            disk.faults = faults;
            (disk.writes, disk.syncs) = (0, 0);
        });
    }

    /// Writes and syncs so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        with(|disk| (disk.writes, disk.syncs))
    }

    /// Whether the power has failed.
    pub(crate) fn is_off(&self) -> bool {
        with(|disk| disk.off)
    }

    /// The power fails now, if it has not, and returns. `chance` decides what becomes of writes that were not synced.
    pub(crate) fn cycle(&self, chance: &mut fastrand::Rng) {
        with(|disk| {
            disk.off = false;
            disk.starts += 1;
            disk.faults = Faults::default();
            for file in disk.files.values_mut() {
                let mut bytes = std::mem::take(&mut file.durable);
                for change in file.unsynced.drain(..) {
                    match (chance.u8(0..3), change) {
                        (0, _) => {}
                        (1, Change::Write(at, mut data)) if data.len() > SECTOR => {
                            data.truncate(SECTOR * chance.usize(1..data.len().div_ceil(SECTOR)));
                            Change::Write(at, data).apply(&mut bytes);
                        }
                        (_, change) => change.apply(&mut bytes),
                    }
                }
                let exists = match (file.exists, file.exists_durably) {
                    (now, durably) if now == durably => now,
                    _ => chance.bool(),
                };
                *file = Stored {
                    now: bytes.clone(),
                    durable: bytes,
                    exists,
                    exists_durably: exists,
                    ..Stored::default()
                };
            }
            disk.files.retain(|_, file| file.exists);
        });
    }

    /// The process ends, and the disk goes on: what is written stays.
    pub(crate) fn kill(&self) {
        with(|disk| {
            disk.starts += 1;
            for file in disk.files.values_mut() {
                file.memory.clear();
            }
        });
    }
}

fn disk() -> MutexGuard<'static, Option<Disk>> {
    DISK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<T>(act: impl FnOnce(&mut Disk) -> T) -> T {
    act(disk().get_or_insert_default())
}
