//! What the sandbox needs of the machine, and what is said where the machine does not give it.

use std::{io, thread};

/// Something that the system does not give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {cause}")]
pub struct Lack {
    kind: Kind,
    cause: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Kind {
    #[error("this system forbids executable memory, which native code needs")]
    ExecutableMemory,
    /// The limit on the address space in bytes.
    #[error("the address space is limited to {} MiB, which is too little for the sandbox", .0 >> 20)]
    AddressSpace(u64),
    #[error("there is not enough memory for the sandbox")]
    Memory,
    #[error("the limit on threads is too low")]
    Threads,
    #[error("the system does not give the sandbox what it needs")]
    Other,
}

impl Lack {
    /// What an error of wasmtime's says of the machine; `None` where the component is at fault.
    pub(crate) fn of(error: &wasmtime::Error) -> Option<Self> {
        let kind = error.chain().find_map(os_error)?;
        Some(Self {
            kind: match kind {
                io::ErrorKind::PermissionDenied => Kind::ExecutableMemory,
                io::ErrorKind::OutOfMemory => {
                    address_space().map_or(Kind::Memory, Kind::AddressSpace)
                }
                io::ErrorKind::WouldBlock => Kind::Threads,
                _ => Kind::Other,
            },
            cause: crate::one_line(error),
        })
    }

    /// Threads cannot be started.
    pub(crate) fn threads(error: &io::Error) -> Self {
        Self {
            kind: Kind::Threads,
            cause: error.to_string(),
        }
    }

    /// Whether executable memory is forbidden.
    pub(crate) fn is_executable_memory(&self) -> bool {
        self.kind == Kind::ExecutableMemory
    }

    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self.kind {
            Kind::ExecutableMemory => {
                "leave `--engine native` out, and the component is interpreted; or allow it, as with `MemoryDenyWriteExecute=no` in a systemd unit"
            }
            Kind::AddressSpace(_) | Kind::Memory => {
                "raise or remove the limit (`ulimit -v`, `LimitAS=`); 4 GiB are enough"
            }
            Kind::Threads => {
                "raise the limit on processes and threads (`ulimit -u`, `TasksMax=`, a container's `--pids-limit`)"
            }
            Kind::Other => "check the limits that the system sets for this program",
        }
    }
}

/// `ERROR_DYNAMIC_CODE_BLOCKED`: arbitrary code guard is on for this process.
#[cfg(windows)]
const DYNAMIC_CODE_BLOCKED: i32 = 1655;

fn os_error(cause: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    #[cfg(unix)]
    if let Some(errno) = cause.downcast_ref::<rustix::io::Errno>() {
        return Some(errno.kind());
    }
    let error = cause.downcast_ref::<io::Error>()?;
    #[cfg(windows)]
    if error.raw_os_error() == Some(DYNAMIC_CODE_BLOCKED) {
        return Some(io::ErrorKind::PermissionDenied);
    }
    Some(error.kind())
}

/// The limit on the address space of this process in bytes, if there is one.
pub(crate) fn address_space() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::As).current;
    #[cfg(not(unix))]
    None
}

/// Whether there is room for the component's memory, which is reserved, and for about half as much again: code, threads
/// and heap. It is checked before anything else takes up the room, and a lack of it is reported as something else.
pub(crate) fn check_address_space() -> Result<(), Lack> {
    const NEEDED: u64 = 768 << 20;
    match address_space() {
        Some(limit) if limit < NEEDED => Err(Lack {
            kind: Kind::AddressSpace(limit),
            cause: format!("it needs {} MiB at least", NEEDED >> 20),
        }),
        _ => Ok(()),
    }
}

/// Whether the size of files is limited (`ulimit -f`).
pub(crate) fn limits_files() -> bool {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Fsize)
        .current
        .is_some();
    #[cfg(not(unix))]
    false
}

/// Whether this many more threads can run at once.
pub(crate) fn can_start(threads: usize) -> io::Result<()> {
    let mut started = Vec::new();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Arc::new(std::sync::Mutex::new(released));
    let mut outcome = Ok(());
    for _ in 0..threads {
        let released = std::sync::Arc::clone(&released);
        let wait = move || {
            // It ends when the sender is gone; a thread that panicked does not matter.
            let _ = released.lock().map(|released| released.recv());
        };
        // With as much of the address space for its stack as those of the compiler take.
        match thread::Builder::new().spawn(wait) {
            Ok(thread) => started.push(thread),
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    drop(release);
    for thread in started {
        let _ = thread.join();
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lack(error: wasmtime::Error) -> Option<String> {
        Lack::of(&error).map(|lack| lack.to_string())
    }

    #[test]
    fn an_error_of_the_systems_is_not_the_components() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let denied = wasmtime::Error::new(denied).context("unable to make memory executable");
        let said = lack(denied).expect("the machine");
        assert!(
            said.starts_with("this system forbids executable memory"),
            "{said}"
        );
        let full = wasmtime::Error::new(io::Error::from(io::ErrorKind::OutOfMemory));
        assert!(lack(full.context("mmap failed")).is_some());
        assert_eq!(
            lack(wasmtime::Error::msg("component imports instance")),
            None
        );
    }

    #[test]
    fn a_few_threads_can_be_started() {
        assert!(can_start(3).is_ok());
    }
}
