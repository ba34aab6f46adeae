//! SIGTERM and SIGHUP while a run goes on: where Python would just end, they stop the run.
//!
//! All of it goes through Python's own `signal`, so that what is set there stays in force: Ctrl-C raises
//! `KeyboardInterrupt`, and a handler of the caller's does what it does. Afterwards everything is as before.

use intune_sync::embedded::Stop;
use pyo3::{
    intern,
    prelude::*,
    types::{PyCFunction, PyDict, PyTuple},
};

/// Handlers that are in place while this is. Only Python's main thread can set them.
pub(crate) struct Handlers<'py> {
    signal: Bound<'py, PyModule>,
    /// The signals, and their handlers before.
    former: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
}

impl<'py> Handlers<'py> {
    /// Handlers for those signals that would end the process, in the main thread.
    pub(crate) fn set(py: Python<'py>, stop: &Stop) -> PyResult<Self> {
        let signal = py.import(intern!(py, "signal"))?;
        let mut this = Self {
            signal,
            former: Vec::new(),
        };
        let threading = py.import(intern!(py, "threading"))?;
        let main = threading.call_method0(intern!(py, "main_thread"))?;
        if !main.is(&threading.call_method0(intern!(py, "current_thread"))?) {
            return Ok(this);
        }
        let stop = stop.clone();
        let handler = PyCFunction::new_closure(
            py,
            None,
            None,
            move |_: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| stop.request(),
        )?;
        let ends = this.signal.getattr(intern!(py, "SIG_DFL"))?;
        for name in ["SIGINT", "SIGTERM", "SIGHUP"] {
            // Windows has no SIGHUP.
            let Ok(number) = this.signal.getattr(name) else {
                continue;
            };
            let former = this
                .signal
                .call_method1(intern!(py, "getsignal"), (&number,))?;
            if former.eq(&ends)? {
                this.install(&number, handler.as_any())?;
                this.former.push((number, former));
            }
        }
        Ok(this)
    }

    fn install(&self, number: &Bound<'py, PyAny>, handler: &Bound<'py, PyAny>) -> PyResult<()> {
        let set = intern!(number.py(), "signal");
        self.signal.call_method1(set, (number, handler)).map(drop)
    }
}

impl Drop for Handlers<'_> {
    fn drop(&mut self) {
        for (number, former) in &self.former {
            // It could be set, so it can be again.
            let _ = self.install(number, former);
        }
    }
}
