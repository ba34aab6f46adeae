//! `intune_sync`: the program as a module of Python. `intune_sync.pyi` says what is in it.

mod call;
mod error;
mod signals;
mod stream;

use pyo3::pymodule;

/// Makes every Intune device of a tenant check in now, from a sandbox that can do nothing else.
///
///     summary = intune_sync.main(["sync", "--stale-for", "24h"])
///
/// is `intune-sync sync --stale-for 24h` in this process: the same host, egress gate and engine.
#[pymodule]
mod intune_sync {
    #[pymodule_export]
    use crate::{call::main, error::UsageError};

    /// The version of the program.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python spells it like this")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
