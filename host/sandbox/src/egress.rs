//! The guest's egress: its tokens, and its requests, which pass the gate, get the real token and are sent.

use std::{
    num::{NonZeroU32, NonZeroU64},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use intune_sync_egress::{
    Carrier, ClientError, Gated, Proposal, SendError, Surrogate, Timeouts, TokenCache, Unavailable,
    UnknownToken,
    sync::{BODY_LIMIT, Call, Rules, WriteCeiling, Writes},
};
use tokio::{sync::Semaphore, time::Instant};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

/// Requests that may be in flight at once: until their response was read to its end, or given up.
pub(crate) const IN_FLIGHT: usize = 64;
/// The longest that the guest's own timeouts are heeded.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(100);

/// The tokens and the requests of one run.
pub struct Egress {
    graph: Gated<Writes, TokenCache>,
    scope: String,
    started: Instant,
    ceiling: Mutex<WriteCeiling>,
    in_flight: Arc<Semaphore>,
    /// Why the first refused request was refused.
    refused: Mutex<Option<String>>,
}

impl Egress {
    /// `ceiling` is the most writes in 1,000 seconds, as in the engine's settings.
    pub fn new(
        rules: Rules,
        ceiling: NonZeroU64,
        scope: String,
        tokens: TokenCache,
        carrier: impl Into<Carrier>,
    ) -> Self {
        let largest = u32::try_from(rules.writes.largest())
            .ok()
            .and_then(NonZeroU32::new)
            .unwrap_or(NonZeroU32::MIN);
        Self {
            graph: Gated::new(rules, tokens, carrier),
            scope,
            started: Instant::now(),
            ceiling: Mutex::new(WriteCeiling::for_engine(ceiling, largest)),
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT)),
            refused: Mutex::new(None),
        }
    }

    /// Why the guest's first refused request was refused.
    pub fn refusal(&self) -> Option<String> {
        lock(&self.refused).clone()
    }

    /// What to do about a denied token, where the identity knows.
    pub fn token_hint(&self) -> Option<String> {
        self.graph.credential().denial().map(|denial| denial.hint)
    }

    /// Returns the surrogate of the current token, at once. `rejected` is one whose token Graph has refused.
    ///
    /// # Errors
    ///
    /// When there is no token, for now or at all, or for another scope than that of the run.
    pub fn token(&self, scope: &str, rejected: Option<&str>) -> Result<Surrogate, Unavailable> {
        if scope != self.scope {
            let reason = format!("the scope `{scope}` is not the one of this run");
            return Err(Unavailable::Denied(reason));
        }
        self.graph.credential().get(rejected)
    }

    /// Sends a request that the gate admits, and returns its response.
    ///
    /// # Errors
    ///
    /// When the request is refused, which ends the run, or gets no response.
    pub async fn send(
        &self,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        let in_flight = Arc::clone(&self.in_flight)
            .try_acquire_owned()
            .map_err(|_| self.refuse(format!("more than {IN_FLIGHT} requests in flight")))?;
        let (head, body) = request.into_parts();
        let body = Limited::new(body, BODY_LIMIT + 1).collect().await;
        let body = body
            .map_err(|_| self.refuse(format!("a body of more than {BODY_LIMIT} bytes")))?
            .to_bytes();
        let admitted = self
            .graph
            .admit(&Proposal {
                method: &head.method,
                uri: &head.uri,
                headers: &head.headers,
                body: &body,
            })
            .map_err(|refusal| self.refuse(refusal.to_string()))?;
        self.wait_for_ceiling(admitted.call()).await?;

        let shortest = |timeout: Option<Duration>| timeout.unwrap_or(TIMEOUT).min(TIMEOUT);
        let response = admitted
            .send(Timeouts {
                first_byte: shortest(options.first_byte_timeout),
                between_bytes: shortest(options.between_bytes_timeout),
            })
            .await
            .map_err(|error| match error {
                SendError::Token(UnknownToken) => self.refuse(error.to_string()),
                SendError::Client(error) => in_words(error),
            })?;
        let (head, body) = response.into_parts();
        let body = body.map_err(move |error| {
            let _until_it_is_dropped = &in_flight;
            in_words(error)
        });
        Ok(Response::from_parts(head, body.boxed_unsync()))
    }

    /// The ceiling on writes holds whatever the engine's pace is. A bulk call counts as one: its cost is not documented,
    /// and the engine finds it out.
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

    fn refuse(&self, reason: String) -> Error {
        lock(&self.refused).get_or_insert(reason);
        Error::HttpRequestDenied
    }
}

/// The guest gets the reason in words; WASI's codes say less.
fn in_words(error: ClientError) -> Error {
    Error::InternalError(Some(error.to_string()))
}

/// What is behind these locks stays whole if a holder panics.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
