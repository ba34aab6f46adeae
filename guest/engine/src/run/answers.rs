//! What an answer means for the gate and for the token; what it means for devices is told where they are sent.

use core::time::Duration;

use intune_sync_graph::{GraphError, Verdict, judge, retry_after};
use intune_sync_ids::Guid;

use super::{InFlight, Run, Sent, problems};
use crate::{
    contract::{EventKind, RunStatus},
    http::{NoAnswer, RequestId, Response},
    pacing::Passage,
    token::Refused,
};

/// What became of a request, or of an item of a batch.
#[derive(Debug)]
pub(super) struct Answer {
    /// None when there was no answer.
    pub(super) status: Option<u16>,
    pub(super) verdict: Verdict,
    /// After a success only what the headers say of it.
    pub(super) error: GraphError,
    /// How long it asks to wait.
    pub(super) named_wait: Option<Duration>,
    pub(super) body: Vec<u8>,
    /// What the request carried.
    pub(super) client_request_id: Guid,
}

impl Run {
    /// The answer to a request, or why there is none.
    pub fn answered(&mut self, now: Duration, id: RequestId, result: Result<Response, NoAnswer>) {
        self.now = self.now.max(now);
        let Some(InFlight {
            what,
            token,
            client_request_id,
            cost,
            left,
        }) = self.in_flight.remove(&id)
        else {
            return;
        };
        if let Err(NoAnswer::Denied(reason)) = &result {
            self.fail(problems::denied(reason));
        }
        let answer = self.read(result, client_request_id);
        let items = match &what {
            Sent::Batch(places) => self.read_items(&answer, places.len()),
            Sent::Page | Sent::Single(_) | Sent::Bulk(_) => None,
        };

        let all: Vec<&Answer> = items
            .as_ref()
            .map_or_else(|| vec![&answer], |items| items.iter().collect());
        let throttled = all
            .iter()
            .filter(|answer| answer.verdict == Verdict::Throttled)
            .count();
        let refused = all
            .iter()
            .any(|answer| answer.verdict == Verdict::TokenRefused);
        let proven = all.iter().any(|answer| answer.verdict.is_definite());
        let slow = all
            .into_iter()
            .filter(|answer| answer.asks_to_wait())
            .max_by_key(|answer| answer.named_wait);
        let slow = slow.map(|answer| (answer.named_wait, answer.status));
        if cost > 0 {
            let wait = slow.and_then(|(wait, _)| wait);
            let passage = passage(&what, cost, wait, &answer, items.as_deref());
            self.rate.answered(self.now, id, left, passage);
        }
        match slow {
            Some((wait, status)) => self.close_gate(wait, status),
            None => {
                if self.throttle.passed(id) {
                    self.rate.opened(self.now);
                }
            }
        }
        self.counts.throttled += throttled as u64;
        if proven {
            self.token.proven(token);
        }
        let renewing = refused && self.token_refused(token, &answer.error);

        match (what, items) {
            (Sent::Page, _) => self.page_answered(answer),
            (Sent::Single(place), _) => self.single_answered(place, answer, renewing),
            (Sent::Batch(places), Some(items)) => self.items_answered(&places, items, renewing),
            (Sent::Batch(places), None) => self.batch_failed(&places, &answer),
            (Sent::Bulk(places), _) => self.bulk_answered(&places, answer),
        }
    }

    /// Asks for another token where this one was the current one. True when it was.
    fn token_refused(&mut self, token: crate::TokenSerial, error: &GraphError) -> bool {
        match self.token.refused(self.now, token) {
            Refused::Stale => false,
            Refused::Renewing => true,
            Refused::Final => {
                self.end(RunStatus::NotAuthorized(problems::token_refused(error)));
                false
            }
        }
    }

    fn close_gate(&mut self, named: Option<Duration>, status: Option<u16>) {
        let before = self.throttle.free_at();
        let wait = self.throttle.close(self.now, named, &mut self.random);
        if self.throttle.free_at() != before {
            let wait = super::millis(super::whole_millis(wait));
            self.tell(EventKind::Throttled(crate::contract::Throttled {
                wait,
                named: named.is_some(),
                status: status.unwrap_or_default(),
            }));
        }
    }

    fn read(&self, result: Result<Response, NoAnswer>, client_request_id: Guid) -> Answer {
        match result {
            Err(no_answer) => Answer {
                status: None,
                verdict: Verdict::Transient,
                error: GraphError {
                    code: "transport".to_owned(),
                    message: no_answer.to_string(),
                    ..GraphError::default()
                },
                named_wait: None,
                body: Vec::new(),
                client_request_id,
            },
            Ok(Response {
                status,
                headers,
                body,
            }) => {
                let success = (200..300).contains(&status);
                let error = if success {
                    GraphError::named(&headers)
                } else {
                    GraphError::read(&body, &headers)
                };
                self.judged(status, &headers, error, body, client_request_id)
            }
        }
    }

    pub(super) fn judged<N: AsRef<str>, V: AsRef<str>>(
        &self,
        status: u16,
        headers: &[(N, V)],
        error: GraphError,
        body: Vec<u8>,
        client_request_id: Guid,
    ) -> Answer {
        let unix_now = self.settings.started_at + self.now;
        Answer {
            status: Some(status),
            verdict: judge(status, &error),
            named_wait: retry_after::wait(headers, error.retry_after.as_deref(), unix_now),
            error,
            body,
            client_request_id,
        }
    }
}

impl Answer {
    /// Whether the devices concerned were synced is not known: this answer does not say it.
    pub(super) fn unknown(&self, code: &str, message: &str) -> Self {
        Self {
            status: None,
            verdict: Verdict::Transient,
            error: GraphError {
                code: code.to_owned(),
                message: message.to_owned(),
                request_id: self.error.request_id.clone(),
                ..GraphError::default()
            },
            named_wait: None,
            body: Vec::new(),
            client_request_id: self.client_request_id,
        }
    }

    /// A device concerned was synced.
    pub(super) fn success(&self) -> Self {
        Self {
            status: None,
            verdict: Verdict::Success,
            error: GraphError::default(),
            named_wait: None,
            body: Vec::new(),
            client_request_id: self.client_request_id,
        }
    }

    /// A success whose body is none.
    pub(super) fn unreadable(self) -> Self {
        let error = GraphError {
            request_id: self.error.request_id,
            ..unreadable(&self.body)
        };
        Self {
            verdict: Verdict::Transient,
            error,
            ..self
        }
    }

    /// Whether the quota let it through: something else than the quota has answered.
    fn was_let_through(&self) -> bool {
        self.status.is_some() && !matches!(self.verdict, Verdict::Throttled | Verdict::TokenRefused)
    }

    /// The gate closes for 429, and for whatever else names a time.
    pub(super) fn asks_to_wait(&self) -> bool {
        self.verdict == Verdict::Throttled
            || self.verdict == Verdict::Transient && self.named_wait.is_some()
    }
}

/// How the quota took the writes of a request. Of a batch each item counts for itself.
fn passage(
    what: &Sent,
    cost: u32,
    named_wait: Option<Duration>,
    answer: &Answer,
    items: Option<&[Answer]>,
) -> Passage {
    let throttled = |answer: &Answer| answer.verdict == Verdict::Throttled;
    if let Some(items) = items {
        let count = |which: fn(&Answer) -> bool| {
            let count = items.iter().filter(|item| which(item)).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        return Passage {
            let_through: count(Answer::was_let_through),
            throttled: count(throttled),
            named_wait,
        };
    }
    let through = match what {
        Sent::Single(_) => answer.was_let_through(),
        // Where the envelope failed, the items may not have reached the quota.
        Sent::Page | Sent::Batch(_) | Sent::Bulk(_) => answer.verdict == Verdict::Success,
    };
    Passage {
        let_through: if through { cost } else { 0 },
        throttled: if throttled(answer) { cost } else { 0 },
        named_wait,
    }
}

/// The error of an answer that cannot be read.
pub(super) fn unreadable(body: &[u8]) -> GraphError {
    let message = GraphError::read(body, &[]).message;
    GraphError {
        code: "unreadable".to_owned(),
        message,
        ..GraphError::default()
    }
}
