//! The guest's egress: its tokens, and its requests, which pass the gate, get the real token and are sent.

use std::{
    num::{NonZeroU32, NonZeroU64},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, Request, Response, StatusCode, request::Parts};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use intune_sync_egress::{
    Carrier, Custody, Gated, NamesFound, Proposal, SendError, Surrogate, TakenDevice, Timeouts,
    TokenCache, Unavailable, UnknownToken,
    sync::{self, BODY_LIMIT, Call, Head, Rules, WriteCeiling},
};
use intune_sync_ids::Quoted;
use intune_sync_wit::{Purpose, Settings};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use crate::{
    state::Outlet,
    terms,
    writes::{Stopped, Writes},
};

/// Requests that may be in flight at once: until their response was read to its end, or given up.
pub(crate) const IN_FLIGHT: usize = 64;
/// The longest that the guest's own timeouts are heeded.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(100);

/// Keeps account of the requests that leave. It is called from several tasks.
pub trait Journal: Send + Sync {
    /// A request leaves. Returns its number.
    fn left(&self, call: &Call) -> i64;

    /// The head of its response is there, or it will get none; `elapsed` after it left.
    fn returned(&self, number: i64, head: Option<(StatusCode, &HeaderMap)>, elapsed: Duration);
}

/// The tokens and the requests of one run.
pub struct Egress {
    graph: Gated<sync::Writes, TokenCache>,
    custody: Custody,
    scope: String,
    started: Instant,
    ceiling: Mutex<WriteCeiling>,
    writes: Writes,
    in_flight: Arc<Semaphore>,
    /// Requests whose bodies are not finished.
    unfinished: Mutex<Vec<String>>,
    /// Why the first refused request was refused.
    refused: Mutex<Option<String>>,
    journal: Option<Arc<dyn Journal>>,
}

impl Egress {
    /// For a run with these settings, which are the component's too.
    pub fn new(
        rules: Rules,
        settings: &Settings,
        tokens: TokenCache,
        carrier: impl Into<Carrier>,
    ) -> Self {
        let ceiling = NonZeroU64::new(settings.ceiling).unwrap_or(NonZeroU64::MIN);
        let custody = Custody::new(terms::of(settings, &rules.origin));
        if settings.purpose == Purpose::Plan {
            custody.keep_check_ins();
        }
        let largest = u32::try_from(rules.writes.largest())
            .ok()
            .and_then(NonZeroU32::new)
            .unwrap_or(NonZeroU32::MIN);
        Self {
            graph: Gated::new(rules, tokens, carrier),
            custody,
            scope: settings.scope.clone(),
            started: Instant::now(),
            ceiling: Mutex::new(WriteCeiling::for_engine(ceiling, largest)),
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT)),
            writes: Writes::default(),
            unfinished: Mutex::default(),
            refused: Mutex::default(),
            journal: None,
        }
    }

    /// The ids of its requests depend on this seed alone: for rehearsals, which repeat themselves.
    #[must_use]
    pub fn with_request_ids(self, seed: u64) -> Self {
        let graph = self.graph.with_request_ids(seed);
        Self { graph, ..self }
    }

    /// Records its requests there.
    #[must_use]
    pub fn with_journal(mut self, journal: Option<Arc<dyn Journal>>) -> Self {
        self.journal = journal;
        self
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

    /// From now on writes wait, until [`permit_writes`](Self::permit_writes).
    pub fn withhold_writes(&self) {
        self.writes.withhold();
    }

    /// The user has agreed: writes leave, unless the run is to stop.
    pub fn permit_writes(&self) {
        self.writes.permit();
    }

    /// The run is to stop: from now on no further write leaves, whatever the component does.
    pub fn stop_writes(&self) {
        self.writes.stop();
    }

    /// Whether a write has waited for [`permit_writes`](Self::permit_writes).
    pub fn writes_wait(&self) -> bool {
        self.writes.wait_for_user()
    }

    /// Has read and kept what a person wants to know of the devices that the run takes.
    #[must_use]
    pub fn with_details(self) -> Self {
        self.custody.keep_details();
        self
    }

    /// The devices that the run takes, where their details were kept.
    pub fn take_details(&self) -> Vec<TakenDevice> {
        self.custody.take_details()
    }

    /// What the list has said of the names in the selection; `None` until it is complete.
    pub fn names_found(&self) -> Option<NamesFound> {
        self.custody.names_found()
    }

    /// The books of the run.
    pub(crate) fn custody(&self) -> &Custody {
        &self.custody
    }

    pub(crate) fn writes(&self) -> &Writes {
        &self.writes
    }

    /// What was requested but could not be judged, since the component has not finished its body.
    pub(crate) fn unfinished(&self) -> Option<String> {
        let unfinished = lock(&self.unfinished);
        unfinished.first().map(|call| never_finished(call))
    }

    /// Takes a request, and returns its response once the future that is returned is awaited.
    ///
    /// Method, address and headers are judged at once, whether or not the future is ever polled.
    ///
    /// # Errors
    ///
    /// When the request is refused, which ends the run, or gets no response.
    pub fn send(
        self: &Arc<Self>,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> impl Future<Output = Result<Response<WasiBody>, Error>> + Send + use<> {
        let begun = self.begin(request);
        async move { begun?.send(options).await }
    }

    fn begin(self: &Arc<Self>, request: Request<WasiBody>) -> Result<Begun, Error> {
        let in_flight = Arc::clone(&self.in_flight)
            .try_acquire_owned()
            .map_err(|_| self.refuse(format!("more than {IN_FLIGHT} requests in flight")))?;
        let (head, body) = request.into_parts();
        let proposal = proposal(&head, b"");
        let judged = self.graph.check_head(&proposal);
        match judged.map_err(|refusal| self.refuse(refusal.to_string()))? {
            Head::Read(read) => {
                let may_read = self.custody.check_read(&read, &proposal);
                may_read.map_err(|refusal| self.refuse(refusal.to_string()))?;
            }
            Head::Write if self.writes.may_begin() => {}
            Head::Write => {
                return Err(self.refuse("a sync after the run was stopped".to_owned()));
            }
        }
        let unfinished = (!body.is_end_stream()).then(|| Unfinished::enter(self, &head));
        Ok(Begun {
            egress: Arc::clone(self),
            head,
            body,
            in_flight,
            unfinished,
        })
    }

    /// The ceiling on writes holds whatever the engine's pace is. A bulk call counts as one: its cost is not
    /// documented, and the engine finds it out.
    async fn wait_for_ceiling(&self, call: &Call) -> Result<(), Error> {
        let syncs = call.writes();
        if syncs == 0 {
            return Ok(());
        }
        let cost = match call {
            Call::Bulk(_) => 1,
            Call::List(_) | Call::Sync(_) | Call::Batch(_) => syncs,
        };
        loop {
            let open = self.writes.open().await;
            // Not an attempt: the component had not been told when it began this. Nothing left, so nothing counts as
            // sent.
            open.map_err(|Stopped| Error::HttpRequestDenied)?;
            let admitted = lock(&self.ceiling).admit(self.started.elapsed(), cost);
            match admitted {
                Ok(()) => {
                    self.writes.leave(syncs);
                    return Ok(());
                }
                Err(Duration::MAX) => {
                    return Err(self.refuse(format!("{cost} writes at once are over the ceiling")));
                }
                Err(wait) => tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = self.writes.closed() => {}
                },
            }
        }
    }

    fn refuse(&self, reason: String) -> Error {
        lock(&self.refused).get_or_insert(reason);
        Error::HttpRequestDenied
    }
}

impl Outlet for Egress {
    fn refusal(&self) -> Option<String> {
        lock(&self.refused).clone()
    }

    fn send(
        self: &Arc<Self>,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> impl Future<Output = Result<Response<WasiBody>, Error>> + Send + 'static {
        Self::send(self, request, options)
    }
}

/// A request whose head was admitted.
struct Begun {
    egress: Arc<Egress>,
    head: Parts,
    body: WasiBody,
    in_flight: OwnedSemaphorePermit,
    /// The guest has not finished the body yet.
    unfinished: Option<Unfinished>,
}

impl Begun {
    async fn send(self, options: RequestOptions) -> Result<Response<WasiBody>, Error> {
        let Self {
            egress,
            head,
            body,
            in_flight,
            unfinished,
        } = self;
        let body = Limited::new(body, BODY_LIMIT + 1).collect().await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => egress.refuse(format!("a body of more than {BODY_LIMIT} bytes")),
            false => egress.refuse(format!(
                "a body that was not finished, or is not as long as its `content-length`: `{}`",
                named(&head)
            )),
        })?;
        // From here to its verdict nothing can come between.
        if let Some(unfinished) = unfinished {
            unfinished.finished();
        }
        let admitted = egress
            .graph
            .admit(&proposal(&head, &body.to_bytes()))
            .map_err(|refusal| egress.refuse(refusal.to_string()))?;
        let held = egress
            .custody
            .hold(admitted)
            .map_err(|refusal| egress.refuse(refusal.to_string()))?;
        egress.wait_for_ceiling(held.call()).await?;

        let shortest = |timeout: Option<Duration>| timeout.unwrap_or(TIMEOUT).min(TIMEOUT);
        let timeouts = Timeouts {
            first_byte: shortest(options.first_byte_timeout),
            between_bytes: shortest(options.between_bytes_timeout),
        };
        let leaves = |call: &Call| {
            let journal = egress.journal.as_ref();
            let recorded = journal.map(|journal| (journal, journal.left(call), Instant::now()));
            move |head: Option<(StatusCode, &HeaderMap)>| {
                if let Some((journal, number, left)) = recorded {
                    journal.returned(number, head, left.elapsed());
                }
            }
        };
        let response = held.send(timeouts, leaves).await;
        let response = response.map_err(|error| match error {
            SendError::Token(UnknownToken) => egress.refuse(error.to_string()),
            SendError::Client(error) => in_words(error),
        })?;
        Ok(response.map(|body| {
            // In flight until the component has read it, or given it up.
            let body = Full::new(body).map_err(move |never| {
                let _until_it_is_dropped = &in_flight;
                match never {}
            });
            body.boxed_unsync()
        }))
    }
}

/// A request whose body is not finished. To leave it so is an attempt like any other.
struct Unfinished {
    egress: Arc<Egress>,
    call: String,
    finished: bool,
}

impl Unfinished {
    fn enter(egress: &Arc<Egress>, head: &Parts) -> Self {
        let call = named(head);
        lock(&egress.unfinished).push(call.clone());
        Self {
            egress: Arc::clone(egress),
            call,
            finished: false,
        }
    }

    fn finished(mut self) {
        self.finished = true;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut unfinished = lock(&self.egress.unfinished);
        if let Some(at) = unfinished.iter().position(|call| *call == self.call) {
            unfinished.swap_remove(at);
        }
        drop(unfinished);
        if !self.finished {
            self.egress.refuse(never_finished(&self.call));
        }
    }
}

fn never_finished(call: &str) -> String {
    format!("`{call}` was begun, and its body never finished")
}

/// How a request is called in a refusal.
fn named(head: &Parts) -> String {
    format!("{} {}", head.method, Quoted::new(head.uri.path()))
}

/// A request as the gate takes it.
pub(crate) fn proposal<'a>(head: &'a Parts, body: &'a [u8]) -> Proposal<'a> {
    Proposal {
        method: &head.method,
        uri: &head.uri,
        headers: &head.headers,
        body,
    }
}

/// The guest gets the reason in words; WASI's codes say less.
pub(crate) fn in_words(error: impl ToString) -> Error {
    Error::InternalError(Some(error.to_string()))
}

/// What is behind these locks stays whole if a holder panics.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
