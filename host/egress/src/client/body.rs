//! The body of a response, watched while it is read.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::{ClientError, Limits};

/// Passes a body on until it is too large, stalls or breaks; the error is its last item.
pub(super) struct WatchedBody {
    /// `None` once the body has ended or failed.
    inner: Option<reqwest::Body>,
    host: String,
    limits: Limits,
    read: u64,
    /// Runs only while the reader waits: a reader that takes its time is not a server that stalls.
    stall: Option<Pin<Box<Sleep>>>,
}

impl WatchedBody {
    /// Watches `inner`, the body of a response of `host`.
    pub(super) fn new(inner: reqwest::Body, host: String, limits: Limits) -> Self {
        Self {
            inner: Some(inner),
            host,
            limits,
            read: 0,
            stall: None,
        }
    }

    fn fail(&mut self, error: ClientError) -> Poll<Option<Result<Frame<Bytes>, ClientError>>> {
        self.inner = None;
        Poll::Ready(Some(Err(error)))
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = ClientError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ClientError>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else {
            return Poll::Ready(None);
        };
        let Poll::Ready(item) = Pin::new(inner).poll_frame(context) else {
            let after = this.limits.between_bytes;
            let stall = this
                .stall
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(after)));
            return match stall.as_mut().poll(context) {
                Poll::Ready(()) => {
                    let host = this.host.clone();
                    this.fail(ClientError::ReadTimeout { host, after })
                }
                Poll::Pending => Poll::Pending,
            };
        };
        this.stall = None;
        match item {
            Some(Ok(frame)) => {
                this.read += frame.data_ref().map_or(0, |data| data.len() as u64);
                if this.read > this.limits.body {
                    let error = ClientError::TooLarge {
                        host: this.host.clone(),
                        limit: this.limits.body,
                    };
                    return this.fail(error);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                let error = ClientError::classify(error, &this.host);
                this.fail(error)
            }
            None => {
                this.inner = None;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
