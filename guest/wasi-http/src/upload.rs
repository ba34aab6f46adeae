//! The request's body on its way out.

use wasi::{
    http::types::{OutgoingBody, OutgoingRequest},
    io::{poll::Pollable, streams::OutputStream},
};

use crate::{Error, request::unsupported};

/// The request's body while it goes out.
///
/// Fields are dropped in the order of their declaration: WASI traps where a parent is dropped before its child.
pub(crate) struct Upload {
    ready: Pollable,
    stream: OutputStream,
    body: OutgoingBody,
    rest: Vec<u8>,
}

impl Upload {
    pub(crate) fn open(outgoing: &OutgoingRequest, rest: Vec<u8>) -> Result<Self, Error> {
        let body = outgoing.body().map_err(|()| unsupported("body"))?;
        let stream = body.write().map_err(|()| unsupported("body"))?;
        Ok(Self {
            ready: stream.subscribe(),
            stream,
            body,
            rest,
        })
    }

    pub(crate) fn ready(&self) -> &Pollable {
        &self.ready
    }

    /// Writes as much as the host takes now, and finishes the body once all is written. Returns what is still to be
    /// written later.
    ///
    /// Errors are ignored, those of `finish` too: whatever is wrong, the future of the response has the true reason,
    /// and a server may well respond before it has read the whole body.
    pub(crate) fn push(mut self) -> Option<Self> {
        while !self.rest.is_empty() {
            match self.stream.check_write() {
                Ok(0) => return Some(self),
                Ok(permitted) => {
                    let permitted = usize::try_from(permitted).unwrap_or(usize::MAX);
                    let later = self.rest.split_off(self.rest.len().min(permitted));
                    if self.stream.write(&self.rest).is_err() {
                        break;
                    }
                    self.rest = later;
                }
                Err(_) => break,
            }
        }
        let Self {
            ready,
            stream,
            body,
            ..
        } = self;
        drop(ready);
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
        None
    }
}
