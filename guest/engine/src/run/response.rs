//! A response as judged: what it means, its error, how long it asks to wait; and what it says about quota and token.

use core::{slice, time::Duration};

use intune_sync_graph::{GraphError, Requested, Verdict, judge, retry_after};
use intune_sync_ids::Guid;

use super::traffic::{Sent, Traffic};
use crate::{
    http::{NoResponse, Response},
    pacing::{Progress, SendOutcome, SlowDown, Writes},
};

/// The response to a request as a whole.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) judged: Judged,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What came of a request, or of an item of a batch.
#[derive(Debug)]
pub(super) struct Judged {
    /// `None` if there was no response.
    pub(super) status: Option<u16>,
    pub(super) verdict: Verdict,
    /// Of a success, only what the headers say.
    pub(super) error: GraphError,
    /// How long it asks to wait.
    pub(super) named_wait: Option<Duration>,
    /// The request's.
    pub(super) client_request_id: Guid,
}

/// What a response says about quota and token.
#[derive(Debug)]
pub(super) struct Signals {
    /// Throttled items, or requests.
    pub(super) throttled: u64,
    /// Graph has refused the token.
    pub(super) token_refused: bool,
    /// Graph has accepted the token.
    pub(super) token_taken: bool,
    writes: Writes,
    /// The longest wait that is requested, and the status that came with it.
    slow_down: Option<(SlowDown, Option<u16>)>,
    progress: Progress,
    reported: u32,
}

impl Received {
    pub(super) fn read(
        requested: Requested,
        result: Result<Response, NoResponse>,
        sent: &Sent,
        traffic: &Traffic,
    ) -> Self {
        let client_request_id = sent.client_request_id;
        match result {
            Err(no_response) => Self {
                judged: Judged {
                    status: None,
                    verdict: Verdict::Transient,
                    error: GraphError::new("transport", &no_response.to_string()),
                    named_wait: None,
                    client_request_id,
                },
                headers: Vec::new(),
                body: Vec::new(),
            },
            Ok(Response {
                status,
                headers,
                body,
            }) => {
                let error = GraphError::of_response(status, &body, &headers);
                let judged = Judged::new(
                    requested,
                    status,
                    error,
                    &headers,
                    client_request_id,
                    traffic,
                );
                Self {
                    judged,
                    headers,
                    body,
                }
            }
        }
    }

    /// A success that is not what was requested may hold an error instead.
    pub(super) fn with_error_in_body(mut self, requested: Requested, traffic: &Traffic) -> Self {
        let Judged {
            status, verdict, ..
        } = self.judged;
        if let (Some(status), Verdict::Success) = (status, verdict)
            && let Some(error) = GraphError::instead(status, &self.body, &self.headers)
        {
            let id = self.judged.client_request_id;
            self.judged = Judged::new(requested, status, error, &self.headers, id, traffic);
        }
        self
    }
}

impl Judged {
    /// A response, or that to an item of a batch.
    pub(super) fn new(
        requested: Requested,
        status: u16,
        error: GraphError,
        headers: &[(String, String)],
        client_request_id: Guid,
        traffic: &Traffic,
    ) -> Self {
        let message = error.retry_after.as_deref();
        Self {
            status: Some(status),
            verdict: judge(requested, status, &error),
            named_wait: retry_after::wait(headers, message, traffic.unix_now()),
            error,
            client_request_id,
        }
    }

    /// The response does not say whether the devices concerned were synced.
    pub(super) fn unknown(&self, code: &str, message: &str) -> Self {
        let error = GraphError {
            request_id: self.error.request_id.clone(),
            ..GraphError::new(code, message)
        };
        self.of_device(Verdict::Transient, error)
    }

    /// A device concerned was synced.
    pub(super) fn success(&self) -> Self {
        self.of_device(Verdict::Success, GraphError::default())
    }

    /// What the request's response says of one of its devices.
    fn of_device(&self, verdict: Verdict, error: GraphError) -> Self {
        Self {
            status: None,
            verdict,
            error,
            named_wait: None,
            client_request_id: self.client_request_id,
        }
    }

    /// A success with a body that cannot be read.
    pub(super) fn unreadable(self, body: &[u8]) -> Self {
        let error = GraphError {
            request_id: self.error.request_id,
            ..unreadable(body)
        };
        Self {
            verdict: Verdict::Transient,
            error,
            ..self
        }
    }

    /// Whether everything has to wait: after a 429, and after any transient failure that names a time.
    pub(super) fn asks_to_wait(&self) -> bool {
        self.verdict == Verdict::Throttled
            || self.verdict == Verdict::Transient && self.named_wait.is_some()
    }

    /// Whether the quota admitted it, since something else than the quota has responded.
    fn was_admitted(&self) -> bool {
        self.status.is_some() && !matches!(self.verdict, Verdict::Throttled | Verdict::TokenRefused)
    }
}

impl Signals {
    /// Of a request as a whole.
    pub(super) fn of_request(judged: &Judged, writes: Writes, progress: Progress) -> Self {
        Self::of(slice::from_ref(judged), writes, progress)
    }

    /// Of the items of a batch, each of which counts.
    pub(super) fn of_items(items: &[Judged]) -> Self {
        let count = |which: fn(&Judged) -> bool| {
            let count = items.iter().filter(|item| which(item)).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        let writes = Writes::Items {
            admitted: count(Judged::was_admitted),
            throttled: count(|item| item.verdict == Verdict::Throttled),
        };
        Self::of(items, writes, progress(items))
    }

    /// The same, of a bulk call whose response accounts for this many devices.
    pub(super) fn reporting(self, devices: usize) -> Self {
        let reported = u32::try_from(devices).unwrap_or(u32::MAX);
        Self { reported, ..self }
    }

    /// The same, if the token is to blame for refusals of it.
    pub(super) fn blaming_token(self, is_to_blame: bool) -> Self {
        let token_refused = self.token_refused && is_to_blame;
        Self {
            token_refused,
            ..self
        }
    }

    /// For pacing.
    pub(super) fn outcome(&self) -> SendOutcome {
        SendOutcome {
            writes: self.writes,
            slow_down: self.slow_down.map(|(slow_down, _)| slow_down),
            progress: self.progress,
            reported: self.reported,
        }
    }

    /// The status that came with the longest wait.
    pub(super) fn slow_down_status(&self) -> Option<u16> {
        self.slow_down.and_then(|(_, status)| status)
    }

    fn of(all: &[Judged], writes: Writes, progress: Progress) -> Self {
        let has = |verdict| move |judged: &&Judged| judged.verdict == verdict;
        let slow = all.iter().filter(|judged| judged.asks_to_wait());
        let slow = slow.max_by_key(|judged| judged.named_wait);
        Self {
            throttled: all.iter().filter(has(Verdict::Throttled)).count() as u64,
            token_refused: all.iter().any(|judged| has(Verdict::TokenRefused)(&judged)),
            token_taken: all.iter().any(|judged| judged.verdict.is_definite()),
            writes,
            slow_down: slow.map(|judged| {
                let named = judged.named_wait;
                (SlowDown { named }, judged.status)
            }),
            progress,
            reported: 0,
        }
    }
}

/// What the outcomes of a request's devices mean for the retry budget.
pub(super) fn progress(items: &[Judged]) -> Progress {
    if items.iter().any(|item| item.verdict.is_definite()) {
        Progress::Made
    } else if items.iter().any(|item| item.verdict == Verdict::Transient) {
        Progress::Failed
    } else {
        Progress::None
    }
}

/// What the response to a request as a whole means for the retry budget, if it does not say what became of the devices.
pub(super) fn progress_of_whole(judged: &Judged) -> Progress {
    match judged.verdict {
        Verdict::Success | Verdict::Transient => Progress::Failed,
        _ => Progress::None,
    }
}

/// How the quota took the one write of a single sync.
pub(super) fn single_write(judged: &Judged) -> Writes {
    if judged.verdict == Verdict::Throttled {
        Writes::Throttled
    } else if judged.was_admitted() {
        Writes::Admitted
    } else {
        Writes::Unknown
    }
}

/// How the quota took the writes of a request as a whole: if it failed, they may not have reached the quota.
pub(super) fn all_writes(judged: &Judged) -> Writes {
    match judged.verdict {
        Verdict::Throttled => Writes::Throttled,
        Verdict::Success => Writes::Admitted,
        _ => Writes::Unknown,
    }
}

/// The error of a body that cannot be read.
pub(super) fn unreadable(body: &[u8]) -> GraphError {
    GraphError::new("unreadable", &GraphError::read(body, &[]).message)
}
