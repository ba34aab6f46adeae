//! The disk as SQLite calls it: a VFS, and the methods of an open file.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    mem::size_of,
    ptr,
};

use rusqlite::ffi;

use super::{Change, Disk, with};

/// An open file, at the place that SQLite has for it.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    /// Its name, which the handle owns.
    name: *mut String,
    starts: u64,
    deleted_on_close: bool,
}

/// Acts on the file of a handle; `gone` if it is of a time before the power failed.
///
/// # Safety
///
/// `file` is one that [`open`] has filled in, and that was not closed.
unsafe fn on<T>(
    file: *mut ffi::sqlite3_file,
    gone: T,
    act: impl FnOnce(&mut Disk, &str) -> T,
) -> T {
    // SAFETY: as the caller promises.
    let (name, starts) = unsafe {
        let handle = &*file.cast::<Handle>();
        ((*handle.name).clone(), handle.starts)
    };
    with(|disk| match disk.off || disk.starts != starts {
        true => gone,
        false => act(disk, &name),
    })
}

pub(super) fn vfs() -> ffi::sqlite3_vfs {
    // SAFETY: SQLite has a default VFS from its start; it lives as long as the process.
    let system = unsafe { &*ffi::sqlite3_vfs_find(ptr::null()) };
    ffi::sqlite3_vfs {
        szOsFile: size_of::<Handle>() as c_int,
        zName: c"disk".as_ptr(),
        pNext: ptr::null_mut(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        // Randomness, sleep and time are the system's: they do not look at the rest of it.
        ..*system
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(lock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(zero),
    xDeviceCharacteristics: Some(zero),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The text that SQLite hands over.
///
/// # Safety
///
/// `name` is a C string.
unsafe fn text(name: *const c_char) -> String {
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(name) }
        .to_string_lossy()
        .into_owned()
}

// SAFETY, of all functions below: SQLite calls them as its documentation says, with files that `open` has filled in
// and buffers of the lengths that it names.

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let name = match name.is_null() {
        true => format!("temporary {}", fastrand::u64(..)),
        // SAFETY: see above.
        false => unsafe { text(name) },
    };
    let starts = with(|disk| {
        if disk.off {
            return None;
        }
        disk.files.entry(name.clone()).or_default().exists = true;
        Some(disk.starts)
    });
    let base = ffi::sqlite3_file {
        pMethods: if starts.is_some() {
            &METHODS
        } else {
            ptr::null()
        },
    };
    // SAFETY: see above; the place has the size that the VFS names, and holds nothing yet.
    unsafe {
        file.cast::<Handle>().write(Handle {
            base,
            name: match starts {
                Some(_) => Box::into_raw(Box::new(name)),
                None => ptr::null_mut(),
            },
            starts: starts.unwrap_or_default(),
            deleted_on_close: flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0,
        });
        if !out.is_null() {
            *out = flags;
        }
    }
    match starts {
        Some(_) => ffi::SQLITE_OK,
        None => ffi::SQLITE_IOERR,
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: see above.
    let name = unsafe { text(name) };
    with(|disk| match disk.files.get_mut(&name) {
        _ if disk.off => ffi::SQLITE_IOERR_DELETE,
        Some(file) if file.exists => {
            file.exists = false;
            file.now.clear();
            if sync != 0 {
                disk.files.remove(&name);
            }
            ffi::SQLITE_OK
        }
        _ => ffi::SQLITE_IOERR_DELETE_NOENT,
    })
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: see above.
    unsafe {
        let name = text(name);
        *out = with(|disk| disk.files.get(&name).is_some_and(|file| file.exists)).into();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    length: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: see above.
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if bytes.len() > length as usize {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: see above; the name is freed once, since a file is closed once.
    unsafe {
        let handle = &*file.cast::<Handle>();
        let name = Box::from_raw(handle.name);
        if handle.deleted_on_close {
            with(|disk| disk.files.remove(&*name));
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    out: *mut c_void,
    length: c_int,
    at: i64,
) -> c_int {
    let (length, at) = (length as usize, at as usize);
    // SAFETY: see above.
    unsafe {
        let out = std::slice::from_raw_parts_mut(out.cast::<u8>(), length);
        out.fill(0);
        on(file, ffi::SQLITE_IOERR_READ, |disk, name| {
            let bytes = &disk.files.entry(name.to_owned()).or_default().now;
            let there = bytes.len().saturating_sub(at).min(length);
            if there > 0 {
                out[..there].copy_from_slice(&bytes[at..at + there]);
            }
            match there == length {
                true => ffi::SQLITE_OK,
                false => ffi::SQLITE_IOERR_SHORT_READ,
            }
        })
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    length: c_int,
    at: i64,
) -> c_int {
    // SAFETY: see above.
    unsafe {
        let data = std::slice::from_raw_parts(data.cast::<u8>(), length as usize);
        on(file, ffi::SQLITE_IOERR_WRITE, |disk, name| {
            let code = disk.write();
            if code == ffi::SQLITE_OK {
                let file = disk.files.entry(name.to_owned()).or_default();
                let change = Change::Write(at as usize, data.to_vec());
                change.apply(&mut file.now);
                file.unsynced.push(change);
            }
            code
        })
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: see above.
    unsafe {
        on(file, ffi::SQLITE_IOERR_TRUNCATE, |disk, name| {
            let file = disk.files.entry(name.to_owned()).or_default();
            let change = Change::Truncate(length as usize);
            change.apply(&mut file.now);
            file.unsynced.push(change);
            ffi::SQLITE_OK
        })
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: see above.
    unsafe {
        on(file, ffi::SQLITE_IOERR_FSYNC, |disk, name| {
            disk.syncs += 1;
            if disk.faults.power == Some(disk.syncs) {
                disk.off = true;
                return ffi::SQLITE_IOERR_FSYNC;
            }
            let file = disk.files.entry(name.to_owned()).or_default();
            file.durable.clone_from(&file.now);
            file.unsynced.clear();
            // The first sync of a new file syncs its directory.
            if !file.exists_durably {
                for file in disk.files.values_mut() {
                    file.exists_durably = file.exists;
                }
            }
            ffi::SQLITE_OK
        })
    }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: see above.
    unsafe {
        on(file, ffi::SQLITE_IOERR_FSTAT, |disk, name| {
            *out = disk.files.get(name).map_or(0, |file| file.now.len()) as i64;
            ffi::SQLITE_OK
        })
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: see above.
    unsafe { on(file, ffi::SQLITE_IOERR_LOCK, |_, _| ffi::SQLITE_OK) }
}

unsafe extern "C" fn check_reserved_lock(_: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: see above.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn zero(_: *mut ffi::sqlite3_file) -> c_int {
    0
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let (page, size) = (page as usize, size as usize);
    // SAFETY: see above.
    unsafe {
        *out = ptr::null_mut();
        on(file, ffi::SQLITE_IOERR_SHMMAP, |disk, name| {
            if disk.faults.no_shared_memory {
                return ffi::SQLITE_IOERR_SHMMAP;
            }
            let memory = &mut disk.files.entry(name.to_owned()).or_default().memory;
            while memory.len() <= page && extend != 0 {
                // Aligned as SQLite wants it, and never freed: a connection may still hold it.
                let region: Vec<u64> = vec![0; size.div_ceil(8)];
                memory.push(region.leak().as_mut_ptr().cast());
            }
            *out = memory
                .get(page)
                .map_or(ptr::null_mut(), |memory| memory.cast());
            ffi::SQLITE_OK
        })
    }
}

unsafe extern "C" fn shm_lock(_: *mut ffi::sqlite3_file, _: c_int, _: c_int, _: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    if delete != 0 {
        // SAFETY: see above.
        unsafe {
            on(file, (), |disk, name| {
                disk.files
                    .entry(name.to_owned())
                    .or_default()
                    .memory
                    .clear();
            });
        }
    }
    ffi::SQLITE_OK
}
