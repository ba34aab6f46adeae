//! The response on its way in: awaited, read, complete.

use wasi::{
    http::types::{FutureIncomingResponse, IncomingBody, IncomingResponse},
    io::{
        poll::Pollable,
        streams::{InputStream, StreamError},
    },
};

use crate::{Error, Response};

/// How much is read from a stream at once, in bytes.
const READ: u64 = 64 << 10;

/// The response while it comes in.
pub(crate) enum Download {
    Awaiting(Awaiting),
    Reading(Reading),
    Complete(Result<Response, Error>),
    /// Complete, and handed over.
    Taken,
}

/// Until the head is there. A child is dropped before its parent, in the order of the fields.
pub(crate) struct Awaiting {
    ready: Pollable,
    future: FutureIncomingResponse,
}

/// Until the body has been read. The fields stay together: variables would be dropped in the reverse order, and with
/// them a parent before its child.
pub(crate) struct Reading {
    ready: Pollable,
    stream: InputStream,
    _body: IncomingBody,
    _head: IncomingResponse,
    response: Response,
}

impl Download {
    pub(crate) fn new(future: FutureIncomingResponse) -> Self {
        Self::Awaiting(Awaiting {
            ready: future.subscribe(),
            future,
        })
    }

    /// What to wait for; `None` once it is complete.
    pub(crate) fn ready(&self) -> Option<&Pollable> {
        match self {
            Self::Awaiting(Awaiting { ready, .. }) | Self::Reading(Reading { ready, .. }) => {
                Some(ready)
            }
            Self::Complete(_) | Self::Taken => None,
        }
    }

    /// Takes what is there.
    pub(crate) fn pull(&mut self, limit: usize) -> Progress {
        let mut progress = Progress::Nothing;
        if let Self::Awaiting(awaiting) = self
            && let Some(next) = awaiting.pull()
        {
            *self = next;
            progress = Progress::Something;
        }
        if let Self::Reading(reading) = self {
            let before = reading.response.body.len();
            if let Some(response) = reading.pull(limit) {
                *self = Self::Complete(response);
            } else if reading.response.body.len() > before {
                progress = Progress::Something;
            }
        }
        progress
    }

    /// The response, once it is complete; it can be taken once.
    pub(crate) fn take(&mut self) -> Option<Result<Response, Error>> {
        match core::mem::replace(self, Self::Taken) {
            Self::Complete(response) => Some(response),
            other => {
                *self = other;
                None
            }
        }
    }
}

/// Whether something came, so that more may be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Nothing,
    Something,
}

impl Awaiting {
    /// Takes the head of the response, if it is there.
    fn pull(&self) -> Option<Download> {
        let begun = match self.future.get()? {
            // It has no body by definition (RFC 9110, 15.3.5), and is how nearly every sync is accepted.
            Ok(Ok(head)) => match response(&head) {
                response if response.status == 204 => Ok(Download::Complete(Ok(response))),
                response => Reading::begin(head, response)
                    .map(Download::Reading)
                    .ok_or_else(|| Error::Transport("the response has no body".to_owned())),
            },
            Ok(Err(code)) => Err(code.into()),
            Err(()) => Err(Error::Transport("the response was taken before".to_owned())),
        };
        Some(begun.unwrap_or_else(|error| Download::Complete(Err(error))))
    }
}

/// The head of a response, before its body.
fn response(head: &IncomingResponse) -> Response {
    let headers = head.headers().entries().into_iter();
    let headers = headers.map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()));
    Response {
        status: head.status(),
        headers: headers.collect(),
        body: Vec::new(),
    }
}

impl Reading {
    fn begin(head: IncomingResponse, response: Response) -> Option<Self> {
        let body = head.consume().ok()?;
        let stream = body.stream().ok()?;
        Some(Self {
            ready: stream.subscribe(),
            stream,
            _body: body,
            _head: head,
            response,
        })
    }

    /// Reads what is there. `None` when more is to come.
    fn pull(&mut self, limit: usize) -> Option<Result<Response, Error>> {
        loop {
            match self.stream.read(READ) {
                Ok(part) if part.is_empty() => return None,
                Ok(part) => self.response.body.extend_from_slice(&part),
                Err(StreamError::Closed) => return Some(Ok(core::mem::take(&mut self.response))),
                Err(StreamError::LastOperationFailed(error)) => {
                    return Some(Err(Error::Transport(error.to_debug_string())));
                }
            }
            if self.response.body.len() > limit {
                let error = format!("the response is larger than {limit} bytes");
                return Some(Err(Error::Transport(error)));
            }
        }
    }
}
