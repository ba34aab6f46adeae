//! What is raised.

use intune_sync::embedded::Refused;
use pyo3::{
    create_exception,
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
};

create_exception!(
    intune_sync,
    UsageError,
    PyValueError,
    "What was given cannot be done: exit code 2 of the program. Nothing was sent.\n\n\
     `message` says what is wrong, and `hint` what to do about it."
);

/// The exception for a call that has no result.
pub(crate) fn exception(py: Python<'_>, refused: Refused) -> PyErr {
    let text = refused.to_string();
    match refused {
        Refused::Usage { message, hint } => {
            let error = UsageError::new_err(text);
            let value = error.value(py);
            let set = value
                .setattr("message", message)
                .and_then(|()| value.setattr("hint", hint));
            set.err().unwrap_or(error)
        }
        Refused::Busy | Refused::Bug(_) => PyRuntimeError::new_err(text),
    }
}
