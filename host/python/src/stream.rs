//! `sys.stdout` and `sys.stderr`, as the run writes to them.
//!
//! The run has a thread of its own, which never holds the interpreter's lock. What it writes is handed, line by line,
//! to the thread that has called, since that is the one whose output notebooks, tests and jobs redirect.

use std::{
    io::{self, Write},
    mem,
    sync::mpsc::{Receiver, Sender, channel},
};

use intune_sync::embedded::Streams;
use pyo3::{
    exceptions::{PyBrokenPipeError, PyException, PyUnicodeEncodeError},
    intern,
    prelude::*,
};

/// Which of the two.
#[derive(Debug, Clone, Copy)]
enum Which {
    Stdout,
    Stderr,
}

/// What is to be written, and where to say how that went.
pub(crate) struct Text {
    which: Which,
    text: String,
    written: Sender<io::Result<()>>,
}

/// The end of the run: collects lines, and waits until each is written.
struct Pipe {
    which: Which,
    line: Vec<u8>,
    texts: Sender<Text>,
}

impl Pipe {
    fn pass(&mut self, length: usize) -> io::Result<()> {
        let rest = self.line.split_off(length);
        let text = String::from_utf8_lossy(&mem::replace(&mut self.line, rest)).into_owned();
        let (written, outcome) = channel();
        let text = Text {
            which: self.which,
            text,
            written,
        };
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.texts.send(text).map_err(|_| gone(()))?;
        outcome.recv().map_err(|_| gone(()))?
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') {
            self.pass(end + 1)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.line.len() {
            0 => Ok(()),
            length => self.pass(length),
        }
    }
}

/// The end of Python: both streams, as they were when the call began.
pub(crate) struct Sys<'py> {
    stdout: Bound<'py, PyAny>,
    stderr: Bound<'py, PyAny>,
}

impl<'py> Sys<'py> {
    /// Both streams, and what the run has of them. The receiver hangs up when the run has let go of its end.
    pub(crate) fn open(py: Python<'py>) -> PyResult<(Self, Streams, Receiver<Text>)> {
        let sys = py.import(intern!(py, "sys"))?;
        let this = Self {
            stdout: sys.getattr(intern!(py, "stdout"))?,
            stderr: sys.getattr(intern!(py, "stderr"))?,
        };
        let (texts, receiver) = channel();
        let pipe = |which| Pipe {
            which,
            line: Vec::new(),
            texts: texts.clone(),
        };
        let mut streams = Streams::new(pipe(Which::Stdout), pipe(Which::Stderr));
        streams.stdout_is_terminal = is_terminal(&this.stdout);
        streams.stderr_is_terminal = is_terminal(&this.stderr);
        Ok((this, streams, receiver))
    }

    /// Writes a text. What goes wrong with the stream is the run's to report, as of any file.
    ///
    /// # Errors
    ///
    /// What Python raises for another reason: a signal.
    pub(crate) fn write(&self, text: Text) -> PyResult<()> {
        let stream = match text.which {
            Which::Stdout => &self.stdout,
            Which::Stderr => &self.stderr,
        };
        let written = write(stream, &text.text);
        let py = stream.py();
        let (outcome, raised) = match written {
            Err(error) if error.is_instance_of::<PyBrokenPipeError>(py) => {
                (Err(io::ErrorKind::BrokenPipe.into()), Ok(()))
            }
            Err(error) if error.is_instance_of::<PyException>(py) => {
                (Err(io::Error::other(error.to_string())), Ok(()))
            }
            written => (Ok(()), written),
        };
        // The run waits for it.
        let _ = text.written.send(outcome);
        raised
    }
}

/// Writes to a stream, and what it cannot encode as escapes. There may be no stream, as under `pythonw`.
fn write(stream: &Bound<'_, PyAny>, text: &str) -> PyResult<()> {
    if stream.is_none() {
        return Ok(());
    }
    let py = stream.py();
    let write = intern!(py, "write");
    match stream.call_method1(write, (text,)) {
        Err(error) if error.is_instance_of::<PyUnicodeEncodeError>(py) => {
            let encoding = stream.getattr(intern!(py, "encoding"))?;
            let bytes = text.into_pyobject(py)?.call_method1(
                intern!(py, "encode"),
                (&encoding, intern!(py, "backslashreplace")),
            )?;
            let text = bytes.call_method1(intern!(py, "decode"), (encoding,))?;
            stream.call_method1(write, (text,))?;
        }
        written => drop(written?),
    }
    stream.call_method0(intern!(py, "flush")).map(drop)
}

/// Whether it says that it is a terminal.
fn is_terminal(stream: &Bound<'_, PyAny>) -> bool {
    let is_terminal = stream.call_method0(intern!(stream.py(), "isatty"));
    is_terminal.is_ok_and(|is_terminal| is_terminal.is_truthy().unwrap_or_default())
}
