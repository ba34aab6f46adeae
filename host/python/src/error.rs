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
    let (message, hint) = (refused.to_string(), refused.hint().to_owned());
    let text = format!("{message}\nhint: {hint}");
    match refused {
        Refused::Usage(_) => {
            let error = UsageError::new_err(text);
            let value = error.value(py);
            let set = value
                .setattr("message", message)
                .and_then(|()| value.setattr("hint", hint));
            set.err().unwrap_or(error)
        }
        Refused::Busy(_) | Refused::Bug(_) => PyRuntimeError::new_err(text),
    }
}
