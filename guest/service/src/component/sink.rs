//! The body of a response that is written while a run goes on.

use core::mem;

use wasi::{
    clocks::monotonic_clock,
    http::types::OutgoingBody,
    io::{
        poll::{self, Pollable},
        streams::{OutputStream, StreamError},
    },
};

/// How many bytes may wait for a caller that reads slowly before the run waits too.
const BACKLOG_MAX: usize = 64 << 10;
/// A caller that has taken nothing for this long has gone, in nanoseconds.
const PATIENCE: u64 = 60_000_000_000;
/// How long to wait for the stream at a time, in nanoseconds.
const WAIT: u64 = 250_000_000;

/// A response body with a backlog.
pub(super) struct Sink {
    open: Option<Open>,
    backlog: Vec<u8>,
    /// When there was last no backlog, or the caller took some of it, on the monotonic clock.
    kept_up: u64,
}

/// Fields are dropped in this order: a child before its parent, as WASI requires.
struct Open {
    ready: Pollable,
    stream: OutputStream,
    body: OutgoingBody,
}

impl Sink {
    pub(super) fn new(body: Option<OutgoingBody>) -> Self {
        let open = body.and_then(|body| {
            let stream = body.write().ok()?;
            Some(Open {
                ready: stream.subscribe(),
                stream,
                body,
            })
        });
        Self {
            open,
            backlog: Vec::new(),
            kept_up: monotonic_clock::now(),
        }
    }

    /// Whether the caller still reads.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Appends a text, to be written by the next [`write`](Self::write).
    pub(super) fn push(&mut self, text: &str) {
        if self.is_open() {
            self.backlog.extend_from_slice(text.as_bytes());
        }
    }

    /// Writes what the stream takes, and waits only while the backlog is too long.
    pub(super) fn write(&mut self) {
        self.write_down_to(BACKLOG_MAX);
    }

    /// Writes the rest, and ends the body.
    pub(super) fn finish(mut self) {
        self.write_down_to(0);
        if let Some(Open {
            ready,
            stream,
            body,
        }) = self.open
        {
            drop(ready);
            drop(stream);
            let _ = OutgoingBody::finish(body, None);
        }
    }

    fn write_down_to(&mut self, rest: usize) {
        while let Some(open) = &self.open {
            let before = self.backlog.len();
            let result = open.write(&mut self.backlog);
            let now = monotonic_clock::now();
            if self.backlog.is_empty() || self.backlog.len() < before {
                self.kept_up = now;
            }
            if result.is_err() || now.saturating_sub(self.kept_up) > PATIENCE {
                self.give_up();
            } else if self.backlog.len() <= rest {
                return;
            } else {
                poll::poll(&[&open.ready, &monotonic_clock::subscribe_duration(WAIT)]);
            }
        }
    }

    /// The caller has gone. To one that only stopped reading, the response breaks off: its body is left unfinished
    /// until the runtime ends the instance. It is not dropped, since Node's implementation of WASI does not survive
    /// that.
    fn give_up(&mut self) {
        if let Some(Open {
            ready,
            stream,
            body,
        }) = self.open.take()
        {
            drop(ready);
            drop(stream);
            mem::forget(body);
        }
        self.backlog = Vec::new();
    }
}

impl Open {
    /// Writes what the stream takes now, and takes it from the backlog. An error says that the caller has gone; this is
    /// noticed even with nothing to write.
    ///
    /// There is no flush: on Node it returns only when the caller has read everything, and elsewhere what is written
    /// goes out without it.
    fn write(&self, backlog: &mut Vec<u8>) -> Result<(), StreamError> {
        loop {
            let permitted = usize::try_from(self.stream.check_write()?).unwrap_or(usize::MAX);
            let now = backlog.len().min(permitted);
            if now == 0 {
                return Ok(());
            }
            self.stream.write(&backlog[..now])?;
            backlog.drain(..now);
        }
    }
}
