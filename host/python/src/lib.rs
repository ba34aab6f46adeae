//! `intune_sync`: the program as a module of Python.

use pyo3::pymodule;

/// Makes every Intune device of a tenant check in now, from a sandbox that can do nothing else.
#[pymodule]
mod intune_sync {}
