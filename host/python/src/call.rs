//! `main`: one call of the program.

use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use intune_sync::embedded::{self, Ended, Refused, Stop};
use pyo3::{exceptions::PyRuntimeError, intern, prelude::*, types::PyDict};

use crate::{
    error::exception,
    signals::Handlers,
    stream::{Sys, Text},
};

/// How often it is looked whether a signal has come.
const LOOK: Duration = Duration::from_millis(100);

/// Runs a command of `intune-sync` in this process, and returns its JSON object with the exit code as `ExitCode`.
///
/// `argv` is what comes after `intune-sync` on a command line. Nothing is parsed by a shell, and nobody is asked.
///
/// Raises `UsageError` where the program would end with exit code 2 without a run, and `RuntimeError` if another call
/// of this process has not ended, or for a bug.
#[pyfunction]
pub(crate) fn main<'py>(py: Python<'py>, argv: Vec<PathBuf>) -> PyResult<Bound<'py, PyDict>> {
    let arguments = argv.into_iter().map(PathBuf::into_os_string).collect();
    let (sys, streams, mut texts) = Sys::open(py)?;
    let stop = Stop::default();
    let handlers = Handlers::set(py, &stop)?;
    let run = {
        let stop = stop.clone();
        move || embedded::run(arguments, streams, &stop)
    };
    // The run is on another thread, so that this one can look for signals, which only Python's main thread gets.
    let run = thread::Builder::new()
        .name("intune-sync".to_owned())
        .spawn(run)?;
    let raised = attend(py, &sys, &mut texts, &stop);
    let ended = py.detach(|| run.join());
    drop(handlers);
    let ended = ended.map_err(|_| PyRuntimeError::new_err("the run broke off"))?;
    let result = result(py, ended);
    match raised {
        None => result,
        Some(raised) => {
            // Who catches it learns what was done until then.
            let summary = result.ok();
            let set = raised.value(py).setattr(intern!(py, "summary"), summary);
            set.err().map_or(Err(raised), Err)
        }
    }
}

/// Writes what the run writes, until it is over. A signal whose handler raises stops the run, a second one at once;
/// returns the first that was raised.
fn attend(py: Python<'_>, sys: &Sys<'_>, texts: &mut Receiver<Text>, stop: &Stop) -> Option<PyErr> {
    let mut first = None;
    let mut heed = |outcome: PyResult<()>| {
        if let Err(error) = outcome {
            stop.request();
            first.get_or_insert(error);
        }
    };
    loop {
        // One thread at a time may look into it, which a mutable reference shows.
        let texts = &mut *texts;
        match py.detach(move || texts.recv_timeout(LOOK)) {
            Ok(text) => heed(sys.write(text)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        heed(py.check_signals());
    }
    first
}

/// The object of the run as a dict.
fn result(py: Python<'_>, ended: Result<Ended, Refused>) -> PyResult<Bound<'_, PyDict>> {
    let Ended { exit_code, object } = ended.map_err(|refused| exception(py, refused))?;
    let dict = match object {
        Some(object) => py
            .import(intern!(py, "json"))?
            .call_method1(intern!(py, "loads"), (object,))?
            .cast_into::<PyDict>()?,
        None => PyDict::new(py),
    };
    dict.set_item(intern!(py, "ExitCode"), exit_code)?;
    Ok(dict)
}
