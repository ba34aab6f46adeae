//! The body of an answer that is written while a run goes on.

use wasi::{
    clocks::monotonic_clock,
    http::types::OutgoingBody,
    io::{
        poll::{self, Pollable},
        streams::OutputStream,
    },
};

/// So much may wait for a caller that reads slowly, in bytes, before the run waits too.
const BACKLOG_MAX: usize = 64 << 10;
/// A caller that reads nothing for so long is gone, in nanoseconds.
const PATIENCE: u64 = 60_000_000_000;
/// How long one look at the stream may take, in nanoseconds.
const LOOK: u64 = 250_000_000;

/// Fields are dropped in the order in which they stand: a child before its parent, as WASI wants it.
pub(super) struct Sink {
    open: Option<Open>,
    backlog: Vec<u8>,
}

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
        }
    }

    /// Whether there is still someone who reads.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub(super) fn push(&mut self, text: &str) {
        if self.is_open() {
            self.backlog.extend_from_slice(text.as_bytes());
        }
    }

    /// Writes what the stream takes, and waits only while too much waits.
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
        let mut last_read = monotonic_clock::now();
        loop {
            let before = self.backlog.len();
            if !self.write_what_it_takes() {
                // Gone: a body that is not finished tells the runtime that it is not complete.
                self.open = None;
                self.backlog.clear();
            }
            let now = monotonic_clock::now();
            if self.backlog.len() < before {
                last_read = now;
            }
            let Some(open) = self.open.as_ref().filter(|_| self.backlog.len() > rest) else {
                return;
            };
            if now.saturating_sub(last_read) > PATIENCE {
                self.open = None;
                self.backlog.clear();
                return;
            }
            let timer = monotonic_clock::subscribe_duration(LOOK);
            poll::poll(&[&open.ready, &timer]);
        }
    }

    /// False when nobody reads any more.
    fn write_what_it_takes(&mut self) -> bool {
        let Some(Open { stream, .. }) = &self.open else {
            return true;
        };
        let mut wrote = false;
        loop {
            // Also with nothing to write: it is how a caller that went away is noticed.
            let permitted = match stream.check_write() {
                Ok(permitted) => usize::try_from(permitted).unwrap_or(usize::MAX),
                Err(_) => return false,
            };
            let now = self.backlog.len().min(permitted);
            if now == 0 {
                return !wrote || stream.flush().is_ok();
            }
            if stream.write(&self.backlog[..now]).is_err() {
                return false;
            }
            self.backlog.drain(..now);
            wrote = true;
        }
    }
}
