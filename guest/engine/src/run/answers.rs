//! What an answer means: for the gate, for the token, and for each device that it concerns.

use core::time::Duration;

use serde_json::Value;

use super::{InFlight, Phase, Place, Route, Run, Sent, problems, problems::Needed};
use crate::{
    contract::{Happening, Standing},
    graph::{BulkAnswer, GraphError, Verdict, judge, read_batch, read_bulk, retry_after},
    http::{NoAnswer, RequestId, Response},
    token::Refused,
};

/// What became of a request, or of an item of a batch.
#[derive(Debug)]
pub(super) struct Answer {
    /// None when there was no answer.
    pub(super) status: Option<u16>,
    pub(super) verdict: Verdict,
    /// Nothing in it after a success.
    pub(super) error: GraphError,
    /// How long it asks to wait.
    named_wait: Option<Duration>,
    pub(super) body: Vec<u8>,
    client_request_id: String,
}

/// Failures of the envelope after which a device goes in a request of its own: one device whose answer spoils the
/// envelope must not cost the others their sync.
const ENVELOPE_FAILURES_MAX: u8 = 2;

impl Run {
    /// The answer to a request, or why there is none.
    pub fn answered(&mut self, now: Duration, id: RequestId, result: Result<Response, NoAnswer>) {
        self.now = self.now.max(now);
        let Some(InFlight {
            what,
            token,
            client_request_id,
        }) = self.in_flight.remove(&id)
        else {
            return;
        };
        if let Err(NoAnswer::Denied(reason)) = &result {
            self.fail(problems::denied(reason));
        }
        let answer = self.read(result, client_request_id.to_string());
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
        match slow.map(|answer| (answer.named_wait, answer.status)) {
            Some((wait, status)) => self.close_gate(wait, status),
            None => self.throttle.passed(id),
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
                self.end(Standing::NotAuthorized(problems::token_refused(error)));
                false
            }
        }
    }

    fn close_gate(&mut self, named: Option<Duration>, status: Option<u16>) {
        let before = self.throttle.free_at();
        let wait = self.throttle.close(self.now, named, &mut self.random);
        if self.throttle.free_at() != before {
            let wait = super::millis(super::whole_millis(wait));
            self.tell(Happening::Throttled(crate::contract::Throttled {
                wait,
                named: named.is_some(),
                status: status.unwrap_or_default(),
            }));
        }
    }

    fn read(&self, result: Result<Response, NoAnswer>, client_request_id: String) -> Answer {
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
                    GraphError::default()
                } else {
                    GraphError::read(&body, &headers)
                };
                self.judged(status, &headers, error, body, client_request_id)
            }
        }
    }

    fn judged(
        &self,
        status: u16,
        headers: &[(String, String)],
        error: GraphError,
        body: Vec<u8>,
        client_request_id: String,
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

    /// The answers of a batch's items, in the order in which they were sent; none when the envelope failed. An item
    /// without a readable answer may have been executed or not.
    fn read_items(&self, envelope: &Answer, count: usize) -> Option<Vec<Answer>> {
        if envelope.verdict != Verdict::Success && envelope.status != Some(424) {
            return None;
        }
        let items = read_batch(&envelope.body, count)?;
        let id = &envelope.client_request_id;
        let items = items.into_iter().map(|item| match item {
            Some(item) => {
                let error = GraphError::of(&item.body, &item.headers);
                self.judged(item.status, &item.headers, error, Vec::new(), id.clone())
            }
            None => Answer::unknown(
                "missing",
                "Graph's answer to the batch leaves this device out",
                id,
            ),
        });
        Some(items.collect())
    }

    fn single_answered(&mut self, place: Place, answer: Answer, renewing: bool) {
        let no_json =
            !answer.body.is_empty() && serde_json::from_slice::<Value>(&answer.body).is_err();
        let answer = if answer.verdict == Verdict::Success && no_json {
            answer.unreadable()
        } else {
            answer
        };
        self.items_answered(&[place], vec![answer], renewing);
    }

    fn items_answered(&mut self, places: &[Place], items: Vec<Answer>, renewing: bool) {
        self.account(&items);
        let mut urgent = Vec::new();
        let mut retried: Option<(u32, Duration, Answer)> = None;
        for (place, answer) in places.iter().zip(items) {
            match answer.verdict {
                Verdict::Throttled => urgent.push(*place),
                Verdict::TokenRefused => {
                    if renewing && self.refused_too_often(*place) {
                        self.device_failed(*place, &answer);
                    } else {
                        urgent.push(*place);
                    }
                }
                Verdict::Transient => {
                    if answer.status.is_none() {
                        self.envelope_failed(*place);
                    }
                    if let Some(wait) = self.try_again(*place, &answer) {
                        retried = Some(match retried {
                            Some((devices, least, first)) => (devices + 1, least.min(wait), first),
                            None => (1, wait, answer),
                        });
                    }
                }
                Verdict::Success => self.device_accepted(*place),
                Verdict::NotFound => self.device_gone(*place),
                Verdict::Rejected => self.device_failed(*place, &answer),
                Verdict::RoleMissing => {
                    self.end(Standing::NotAuthorized(problems::role_missing(
                        Needed::Sync,
                        &answer.error,
                    )));
                    urgent.push(*place);
                }
                Verdict::ApprovalNeeded => {
                    self.end(Standing::NotAuthorized(problems::approval_needed(
                        &answer.error,
                    )));
                    urgent.push(*place);
                }
            }
        }
        self.urgent(&urgent);
        if let Some((devices, wait, first)) = retried {
            self.tell_retrying("sync", devices, first.status, &first.error, wait);
        }
    }

    /// The envelope of a batch says nothing of its items.
    fn batch_failed(&mut self, places: &[Place], envelope: &Answer) {
        match (envelope.verdict, envelope.status) {
            (Verdict::Throttled | Verdict::TokenRefused, _) => self.urgent(places),
            (Verdict::RoleMissing, _) => {
                self.end(Standing::NotAuthorized(problems::role_missing(
                    Needed::Sync,
                    &envelope.error,
                )));
            }
            (Verdict::ApprovalNeeded, _) => {
                self.end(Standing::NotAuthorized(problems::approval_needed(
                    &envelope.error,
                )));
            }
            (_, Some(status @ (404 | 405 | 410 | 501))) => {
                self.fall_back(
                    Route::Single,
                    &format!("Graph refuses batches ({status}); each device is sent alone"),
                );
                self.urgent(places);
            }
            (Verdict::NotFound | Verdict::Rejected, _) => {
                // One of the items may be the reason: each is judged by itself.
                places.iter().for_each(|place| self.isolate(*place));
                self.urgent(places);
            }
            (Verdict::Success, _) => {
                let unreadable = Answer::unknown("unreadable", "", &envelope.client_request_id);
                let message = GraphError::read(&envelope.body, &[]).message;
                let error = GraphError {
                    message,
                    ..unreadable.error
                };
                self.all_transient(
                    "batch",
                    places,
                    &Answer {
                        error,
                        ..unreadable
                    },
                );
            }
            (Verdict::Transient, _) => self.all_transient("batch", places, envelope),
        }
    }

    fn bulk_answered(&mut self, places: &[Place], answer: Answer) {
        let Route::Bulk { chunk, .. } = self.dispatch else {
            // It was sent before the route fell back: its devices take the new one unless it succeeded.
            return match (answer.verdict, read_bulk(&answer.body)) {
                (Verdict::Success, Some(bulk)) => self.bulk_read(places, &bulk, &answer),
                _ => self.urgent(places),
            };
        };
        match (answer.verdict, answer.status) {
            (Verdict::Success, _) => match read_bulk(&answer.body) {
                Some(bulk) => self.bulk_read(places, &bulk, &answer),
                None => self.all_transient("batch", places, &answer.unreadable()),
            },
            (Verdict::Throttled, _) => {
                // A call that was taken for one write was not: from now on each device counts.
                self.dispatch = Route::Bulk {
                    chunk,
                    cheap: false,
                };
                self.urgent(places);
            }
            (Verdict::TokenRefused, _) => self.urgent(places),
            (Verdict::ApprovalNeeded, _) => {
                self.end(Standing::NotAuthorized(problems::approval_needed(
                    &answer.error,
                )));
            }
            (Verdict::Transient, _) => self.all_transient("batch", places, &answer),
            (_, Some(400 | 413)) if chunk > 1 => {
                let Route::Bulk { cheap, .. } = self.dispatch else {
                    return;
                };
                let half = chunk.min(places.len()).div_ceil(2).min(chunk / 2).max(1);
                self.dispatch = Route::Bulk { chunk: half, cheap };
                self.tell(Happening::Notice(format!(
                    "Graph refused a bulk call; the next ones carry {half} devices"
                )));
                self.urgent(places);
            }
            (Verdict::RoleMissing | Verdict::NotFound | Verdict::Rejected, status) => {
                let status = status.unwrap_or_default();
                self.fall_back(
                    Route::Batch,
                    &format!("Graph refuses the bulk action ({status}); batches are used"),
                );
                self.urgent(places);
            }
        }
    }

    fn bulk_read(&mut self, places: &[Place], bulk: &BulkAnswer, answer: &Answer) {
        let id = &answer.client_request_id;
        let Phase::Syncing(syncing) = &self.phase else {
            return;
        };
        let ids: Vec<_> = places.iter().map(|place| syncing.id(*place)).collect();
        let items = ids.iter().map(|device| {
            let lists = [
                (&bulk.successful, Verdict::Success, ""),
                (&bulk.not_found, Verdict::NotFound, ""),
                (&bulk.not_supported, Verdict::Rejected, "notSupported"),
                (&bulk.failed, Verdict::Transient, "failed"),
            ];
            match lists.iter().find(|(list, ..)| list.contains(device)) {
                Some((_, verdict, code)) => Answer {
                    verdict: *verdict,
                    ..Answer::unknown(code, "the bulk action says no more", id)
                },
                None => Answer::unknown(
                    "missing",
                    "Graph's answer to the bulk action leaves this device out",
                    id,
                ),
            }
        });
        let items: Vec<Answer> = items.collect();
        // A call of its own says what the bulk action does not: why.
        for (place, item) in places.iter().zip(&items) {
            if item.error.code == "failed" {
                self.isolate(*place);
            }
        }
        self.items_answered(places, items, false);
    }

    /// A request as a whole failed: each of its devices is tried again.
    fn all_transient(&mut self, what: &str, places: &[Place], answer: &Answer) {
        self.budget.failed();
        let (mut devices, mut least) = (0, Duration::MAX);
        for place in places {
            self.envelope_failed(*place);
            if let Some(wait) = self.try_again(*place, answer) {
                devices += 1;
                least = least.min(wait);
            }
        }
        if devices > 0 {
            self.tell_retrying(what, devices, answer.status, &answer.error, least);
        }
    }

    fn envelope_failed(&mut self, place: Place) {
        if self.dispatch != Route::Single && self.failures(place) + 1 >= ENVELOPE_FAILURES_MAX {
            self.isolate(place);
        }
    }

    /// One HTTP request, as the budget and the gate count it.
    fn account(&mut self, items: &[Answer]) {
        if items.iter().any(|answer| answer.verdict.is_definite()) {
            self.budget.succeeded(self.now);
            self.throttle.succeeded(self.now);
        } else if items
            .iter()
            .any(|answer| answer.verdict == Verdict::Transient)
        {
            self.budget.failed();
        }
    }

    fn fall_back(&mut self, route: Route, notice: &str) {
        if self.dispatch != route {
            self.dispatch = route;
            self.tell(Happening::Notice(notice.to_owned()));
        }
    }
}

impl Answer {
    /// Whether the devices concerned were synced is not known.
    fn unknown(code: &str, message: &str, client_request_id: &str) -> Self {
        let error = GraphError {
            code: code.to_owned(),
            message: message.to_owned(),
            ..GraphError::default()
        };
        Self {
            status: None,
            verdict: Verdict::Transient,
            error,
            named_wait: None,
            body: Vec::new(),
            client_request_id: client_request_id.to_owned(),
        }
    }

    /// A success whose body is none.
    fn unreadable(self) -> Self {
        let error = unreadable(&self.body);
        Self {
            verdict: Verdict::Transient,
            error,
            ..self
        }
    }

    /// The gate closes for 429, and for whatever else names a time.
    fn asks_to_wait(&self) -> bool {
        self.verdict == Verdict::Throttled
            || self.verdict == Verdict::Transient && self.named_wait.is_some()
    }

    pub(super) fn named_wait(&self) -> Option<Duration> {
        self.named_wait
    }

    pub(super) fn client_request_id(&self) -> &str {
        &self.client_request_id
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
