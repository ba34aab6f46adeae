//! The way out: what the guest sends passes the gate, gets the real token, and goes to the transport.

use std::{
    num::{NonZeroU32, NonZeroU64},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, header::AUTHORIZATION};
use http_body_util::{BodyExt, Limited};
use intune_sync_gate::{
    Allowed, BATCH_ITEMS, BODY_LIMIT, BULK_DEVICES, Call, Gate, Rules, WriteCeiling, Writes,
    answer_headers,
};
use tokio::time::Instant;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::bindings::token;
use crate::{
    http_client::{ClientError, HttpClient, Limits, ResponseBody},
    identity::{Surrogate, TokenCache, Unavailable},
};

/// Requests that may be in flight at once: until their answer was read to its end, or given up.
pub(super) const IN_FLIGHT: usize = 64;
/// The longest that the guest's own timeouts are heeded.
pub(super) const TIMEOUT: Duration = Duration::from_secs(100);

/// What carries a request that may leave.
pub(crate) trait Transport: Send + Sync {
    /// Sends a request, with its token.
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>>;
}

impl Transport for Arc<HttpClient> {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> BoxFuture<'a, Result<Response<ResponseBody>, ClientError>> {
        Box::pin(HttpClient::send(self, request, limits))
    }
}

/// The way out of one run.
pub(crate) struct Egress {
    gate: Gate,
    scope: String,
    tokens: TokenCache,
    transport: Box<dyn Transport>,
    started: Instant,
    ceiling: Mutex<WriteCeiling>,
    in_flight: Arc<AtomicUsize>,
    /// The first request that was refused, and why.
    refused: Mutex<Option<String>>,
}

impl Egress {
    /// `ceiling` is the most writes in 1,000 seconds, as the engine is told.
    pub(crate) fn new(
        rules: Rules,
        ceiling: NonZeroU64,
        scope: String,
        tokens: TokenCache,
        transport: Box<dyn Transport>,
    ) -> Self {
        let largest = match rules.writes {
            Writes::SyncsAndBulk => BULK_DEVICES,
            Writes::None | Writes::Syncs => BATCH_ITEMS,
        };
        let largest = u32::try_from(largest).ok().and_then(NonZeroU32::new);
        let largest = largest.unwrap_or(NonZeroU32::MIN);
        Self {
            ceiling: Mutex::new(WriteCeiling::for_engine(ceiling, largest)),
            gate: Gate::new(rules),
            scope,
            tokens,
            transport,
            started: Instant::now(),
            in_flight: Arc::default(),
            refused: Mutex::new(None),
        }
    }

    /// The first request of the guest's that was not let out, and why.
    pub(crate) fn refusal(&self) -> Option<String> {
        lock(&self.refused).clone()
    }

    /// What to do about a token that is denied, where the identity knows.
    pub(crate) fn token_hint(&self) -> Option<String> {
        self.tokens.denial().map(|denial| denial.hint)
    }

    /// Answers the guest's call for a token: a surrogate, at once.
    pub(crate) fn token(
        &self,
        scope: &str,
        rejected: Option<&str>,
    ) -> Result<token::AccessToken, token::TokenError> {
        if scope != self.scope {
            let reason = format!("the scope `{scope}` is not the one of this run");
            return Err(token::TokenError::Denied(reason));
        }
        match self.tokens.get(rejected) {
            Ok(Surrogate { value, lifetime }) => Ok(token::AccessToken {
                value,
                lifetime: millis(lifetime),
            }),
            Err(Unavailable::TryAgain(after)) => Err(token::TokenError::TryAgain(millis(after))),
            Err(Unavailable::Denied(reason)) => Err(token::TokenError::Denied(reason)),
        }
    }

    /// Lets a request out if the gate does, and brings its answer back.
    pub(crate) async fn send(
        &self,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        let in_flight = InFlight::enter(&self.in_flight)
            .ok_or_else(|| self.refuse(format!("more than {IN_FLIGHT} requests in flight")))?;
        let (head, body) = request.into_parts();
        let body = Limited::new(body, BODY_LIMIT + 1).collect().await;
        let body = body
            .map_err(|_| self.refuse(format!("a body of more than {BODY_LIMIT} bytes")))?
            .to_bytes();
        let allowed = self
            .gate
            .check(&head.method, &head.uri, &head.headers, &body)
            .map_err(|refusal| self.refuse(refusal.to_string()))?;
        self.wait_for_ceiling(&allowed.call).await?;

        let limits = Limits {
            first_byte: options.first_byte_timeout.unwrap_or(TIMEOUT).min(TIMEOUT),
            between_bytes: options
                .between_bytes_timeout
                .unwrap_or(TIMEOUT)
                .min(TIMEOUT),
            body: allowed.call.answer_limit() as u64,
        };
        let request = self.with_token(allowed)?;
        let answer = self.transport.send(request, limits).await;
        let (mut head, body) = answer.map_err(in_words)?.into_parts();
        head.headers = answer_headers(&head.headers)
            .map_err(|error| Error::InternalError(Some(error.to_string())))?;
        let body = body.map_err(move |error| {
            let _until_it_is_dropped = &in_flight;
            in_words(error)
        });
        Ok(Response::from_parts(head, body.boxed_unsync()))
    }

    /// The ceiling on writes holds whatever the engine's pace is. A bulk call counts as one: what it costs is Graph's
    /// secret, and the engine finds out.
    async fn wait_for_ceiling(&self, call: &Call) -> Result<(), Error> {
        let writes = match call {
            Call::Bulk(_) => 1,
            Call::List | Call::Sync(_) | Call::Batch(_) => call.writes(),
        };
        loop {
            let admitted = lock(&self.ceiling).admit(self.started.elapsed(), writes);
            match admitted {
                Ok(()) => return Ok(()),
                Err(Duration::MAX) => {
                    return Err(
                        self.refuse(format!("{writes} writes at once are over the ceiling"))
                    );
                }
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    fn with_token(&self, allowed: Allowed) -> Result<Request<Bytes>, Error> {
        let token = self
            .tokens
            .reveal(allowed.token.expose())
            .ok_or_else(|| self.refuse("a token that is not of this run".to_owned()))?;
        let mut request = Request::new(Bytes::from(allowed.body));
        *request.method_mut() = allowed.method;
        *request.uri_mut() = allowed.uri;
        *request.headers_mut() = allowed.headers;
        request.headers_mut().insert(AUTHORIZATION, token);
        Ok(request)
    }

    fn refuse(&self, reason: String) -> Error {
        lock(&self.refused).get_or_insert(reason);
        Error::HttpRequestDenied
    }
}

/// Counts a request for as long as its answer is not read.
struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    fn enter(count: &Arc<AtomicUsize>) -> Option<Self> {
        let entered = Self(Arc::clone(count));
        (count.fetch_add(1, Ordering::Relaxed) < IN_FLIGHT).then_some(entered)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The guest gets the reason in words; WASI's codes say less.
fn in_words(error: ClientError) -> Error {
    Error::InternalError(Some(error.to_string()))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What is behind these locks stays whole if a holder panics.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
