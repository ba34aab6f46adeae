//! What stands between `azure_identity` and the network.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, HttpClient as Carrier, Request};
use bytes::Bytes;
use http::header;
use http_body_util::BodyExt;

use super::Refusal;
use super::answer::Answer;
use intune_sync_egress::{ClientError, Limits, TokenClient};

/// A token's answer has a few kilobytes.
const LIMITS: Limits = Limits {
    first_byte: Duration::from_secs(30),
    between_bytes: Duration::from_secs(10),
    body: 256 << 10,
};

/// Attempts in a row that may end without any answer. `azure_identity` waits twice as long before each: the fifth is
/// over after some six seconds, or twenty in a virtual machine. Where nobody listens there is no point in the minute
/// and more that it would go on for; what is only slow to start is there by then.
const UNANSWERED: u32 = 5;

/// Writes the request that leaves, from the one that `azure_identity` has written.
pub(crate) type Writer = Box<dyn Fn(&Request) -> Result<http::Request<Bytes>, Error> + Send + Sync>;

/// Carries the requests of one credential for one token.
pub(crate) struct Courier {
    client: TokenClient,
    write: Writer,
    unanswered: AtomicU32,
}

impl Courier {
    /// A courier whose requests are those that `write` writes.
    pub(crate) fn new(client: TokenClient, write: Writer) -> Self {
        Self {
            client,
            write,
            unanswered: AtomicU32::new(0),
        }
    }

    async fn carry(&self, request: http::Request<Bytes>) -> Result<AsyncRawResponse, Error> {
        let answer = self.client.send(request, LIMITS).await;
        let (parts, body) = answer.map_err(|error| self.failed(error))?.into_parts();
        let body = body.collect().await.map_err(|error| self.failed(error))?;
        self.unanswered.store(0, Ordering::Relaxed);
        let body = body.to_bytes();
        let body = match parts.status.is_success() {
            true => {
                let now = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_secs().cast_signed());
                // Neither `Connection` nor `Io`: what cannot be read now cannot be read a moment later.
                Answer::read(&body, now)
                    .map_err(|error| Error::new(ErrorKind::DataConversion, error))?
                    .endpoint_json(now)
            }
            false => serde_json::json!(Refusal::read(&body)).to_string(),
        };
        let mut headers = Headers::new();
        if let Some(Ok(wait)) = parts
            .headers
            .get(header::RETRY_AFTER)
            .map(|value| value.to_str())
        {
            headers.insert(header::RETRY_AFTER.as_str().to_owned(), wait.to_owned());
        }
        Ok(AsyncRawResponse::from_bytes(
            parts.status.as_u16().into(),
            headers,
            body,
        ))
    }

    /// Tries again, but not for ever, and not where a certificate is at fault.
    fn failed(&self, error: ClientError) -> Error {
        let unanswered = self.unanswered.fetch_add(1, Ordering::Relaxed) + 1;
        let kind = match error {
            ClientError::Tls { .. } => ErrorKind::Other,
            _ if unanswered >= UNANSWERED => ErrorKind::Other,
            _ => ErrorKind::Io,
        };
        Error::new(kind, error)
    }
}

#[async_trait]
impl Carrier for Courier {
    async fn execute_request(&self, request: &Request) -> Result<AsyncRawResponse, Error> {
        self.carry((self.write)(request)?).await
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Courier").finish_non_exhaustive()
    }
}
