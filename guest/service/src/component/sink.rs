//! The body of a response that is written while a run goes on.

use wasi::{
    clocks::monotonic_clock,
    http::types::OutgoingBody,
    io::{
        poll::{self, Pollable},
        streams::OutputStream,
    },
};

/// How many bytes may wait for a caller that reads slowly before the run waits too.
const BACKLOG_MAX: usize = 64 << 10;
/// A caller that has read nothing for this long has gone, in nanoseconds.
const PATIENCE: u64 = 60_000_000_000;
/// How long to wait for the stream at a time, in nanoseconds.
const WAIT: u64 = 250_000_000;

/// A response body with a backlog.
pub(super) struct Sink {
    open: Option<Open>,
    backlog: Vec<u8>,
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
        let mut last_read = monotonic_clock::now();
        loop {
            let before = self.backlog.len();
            if !self.write_now() {
                // To the runtime, a body that is not finished is incomplete.
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
            let timer = monotonic_clock::subscribe_duration(WAIT);
            poll::poll(&[&open.ready, &timer]);
        }
    }

    /// Writes what the stream takes now. Returns false when the caller has gone.
    fn write_now(&mut self) -> bool {
        let Some(Open { stream, .. }) = &self.open else {
            return true;
        };
        let mut wrote = false;
        loop {
            // Also with nothing to write: this is how a caller that went away is noticed.
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
