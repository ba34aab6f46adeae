//! The body of a response, watched while it is read.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::{ClientError, Limits, PolledFrame, RESPONSE_TIMEOUT};

/// Passes a body on until it is too large, too slow, stalls or breaks; the error is its last item.
pub(super) struct WatchedBody {
    /// `None` once the body has ended or failed.
    inner: Option<reqwest::Body>,
    host: String,
    limits: Limits,
    read: u64,
    /// How long the response has been waited for.
    waited: Duration,
    /// Since when the reader waits, and until when it does. A reader that takes its time is not a server that stalls.
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl WatchedBody {
    /// Watches `inner`, the body of a response of `host` whose head took `waited`.
    pub(super) fn new(
        inner: reqwest::Body,
        host: String,
        limits: Limits,
        waited: Duration,
    ) -> Self {
        Self {
            inner: Some(inner),
            host,
            limits,
            read: 0,
            waited,
            wait: None,
        }
    }

    fn fail(&mut self, error: ClientError) -> PolledFrame {
        self.inner = None;
        Poll::Ready(Some(Err(error)))
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = ClientError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> PolledFrame {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else {
            return Poll::Ready(None);
        };
        let Poll::Ready(item) = Pin::new(inner).poll_frame(context) else {
            let stalls = this.limits.between_bytes;
            let left = RESPONSE_TIMEOUT.saturating_sub(this.waited);
            let (_, end) = this
                .wait
                .get_or_insert_with(|| (Instant::now(), Box::pin(sleep(stalls.min(left)))));
            if end.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let host = this.host.clone();
            return this.fail(match left < stalls {
                true => ClientError::Slow {
                    host,
                    after: RESPONSE_TIMEOUT,
                },
                false => ClientError::ReadTimeout {
                    host,
                    after: stalls,
                },
            });
        };
        if let Some((since, _)) = this.wait.take() {
            this.waited += since.elapsed();
        }
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

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::BodyExt;

    use super::*;

    /// A body of one byte in each `pause`, without an end, whose head took 20 s.
    fn dripping(pause: Duration, limits: Limits) -> WatchedBody {
        let drops = stream::unfold((), move |()| async move {
            sleep(pause).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), ()))
        });
        let inner = reqwest::Body::wrap_stream(drops);
        WatchedBody::new(inner, "slow".to_owned(), limits, Duration::from_secs(20))
    }

    #[tokio::test(start_paused = true)]
    async fn one_byte_a_second_has_a_bound() {
        let mut body = dripping(Duration::from_secs(1), Limits::default());
        let mut bytes = 0;
        let error = loop {
            match body.frame().await.expect("it has no end") {
                Ok(_) => bytes += 1,
                Err(error) => break error,
            }
        };
        let after = RESPONSE_TIMEOUT;
        let host = "slow".to_owned();
        assert_eq!(error, ClientError::Slow { host, after });
        assert!((98..=100).contains(&bytes), "{bytes}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_no_slow_server() {
        let mut body = dripping(Duration::from_secs(1), Limits::default());
        for _ in 0..50 {
            assert!(matches!(body.frame().await, Some(Ok(_))));
            sleep(Duration::from_secs(60)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stalls_is_said_to_stall() {
        let mut body = dripping(Duration::from_secs(90), Limits::default());
        let after = Limits::default().between_bytes;
        let host = "slow".to_owned();
        let error = body.frame().await.and_then(Result::err);
        assert_eq!(error, Some(ClientError::ReadTimeout { host, after }));
    }
}
