//! What executes a component: the processor, or wasmtime's interpreter where the system forbids executable memory.

use std::{sync::LazyLock, thread};

use wasmtime::{Config, Engine, Module};

use crate::{SandboxError, THREADS, cache, limits, machine, unfit};

/// What executes a component. It does the same either way; a test holds the traces equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// The processor: the component is compiled to its machine code.
    Native,
    /// Pulley, wasmtime's interpreter: the component is compiled to its bytecode, and no memory is executable.
    Pulley,
}

impl Execution {
    /// The processor, unless this system forbids executable memory, as `MemoryDenyWriteExecute=` of systemd and some
    /// profiles of SELinux do.
    #[must_use]
    pub fn found() -> Self {
        static FOUND: LazyLock<Execution> = LazyLock::new(|| match forbids_executable_memory() {
            true => Execution::Pulley,
            false => Execution::Native,
        });
        *FOUND
    }

    /// A configured engine of wasmtime's.
    pub(crate) fn engine(self) -> Result<Engine, SandboxError> {
        let mut config = Config::new();
        if self == Self::Pulley {
            config.target(PULLEY).map_err(unfit)?;
        }
        config.epoch_interruption(true);
        if machine::address_space().is_some() {
            // Otherwise 4 GiB are reserved for each memory, so that compiled code need not check where it reads.
            config
                .memory_reservation(limits::MEMORY as u64)
                .memory_reservation_for_growth(0)
                .memory_guard_size(0);
        }
        // The first pages of a memory are otherwise mapped from a file in memory, to which such a limit applies.
        config.memory_init_cow(!machine::limits_files());
        // The compiler's threads are as many as there are processors, and it does not expect to be denied one.
        let processors = thread::available_parallelism().map_or(1, usize::from);
        config.parallel_compilation(machine::can_start(processors + THREADS).is_ok());
        config.cache(cache::open());
        Engine::new(&config).map_err(unfit)
    }
}

/// The interpreter's target for processors like this one.
const PULLEY: &str = match (
    cfg!(target_pointer_width = "64"),
    cfg!(target_endian = "little"),
) {
    (true, true) => "pulley64",
    (true, false) => "pulley64be",
    (false, true) => "pulley32",
    (false, false) => "pulley32be",
};

/// Whether the smallest module that has code cannot be made executable. It is found out by trying: the rules that
/// forbid it are many, and so are the ways to read them.
fn forbids_executable_memory() -> bool {
    /// `(module (func))`.
    const MODULE: &[u8] =
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x04\x01\x02\0\x0b";

    let mut config = Config::new();
    config.parallel_compilation(false);
    let tried = Engine::new(&config).and_then(|engine| Module::new(&engine, MODULE));
    tried.is_err_and(|error| {
        machine::Lack::of(&error).is_some_and(|lack| lack.is_executable_memory())
    })
}
