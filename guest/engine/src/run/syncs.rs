//! What the answer to a sync, or to a batch of them, means for its devices.

use core::time::Duration;

use serde_json::Value;

use intune_sync_graph::{BatchAnswer, GraphError, ItemAnswer, Verdict, read_batch};

use super::{Opening, Place, Route, Run, answers::Answer, problems, problems::Needed};
use crate::contract::{EventKind, Retried, RunStatus};

/// Failures of the envelope after which a device goes in a request of its own: one device whose answer spoils the
/// envelope must not cost the others their sync.
const ENVELOPE_FAILURES_MAX: u8 = 2;

impl Run {
    /// The answers of a batch's items, in the order in which they were sent; none when the envelope failed. An item
    /// without a readable answer may have been executed or not.
    pub(super) fn read_items(&self, envelope: &Answer, count: usize) -> Option<Vec<Answer>> {
        if envelope.verdict != Verdict::Success && envelope.status != Some(424) {
            return None;
        }
        let BatchAnswer { items, strays } = read_batch(&envelope.body, count)?;
        let judged = |item: ItemAnswer<'_>| {
            let error = GraphError::of(&item.body, &item.headers);
            let id = envelope.client_request_id;
            self.judged(item.status, &item.headers, error, Vec::new(), id)
        };
        let strays = strays.into_iter().map(judged).filter(Answer::asks_to_wait);
        let stray_wait = strays.filter_map(|stray| stray.named_wait).max();
        let items = items.into_iter().map(|item| match item {
            Some(item) => judged(item),
            None => Answer {
                named_wait: stray_wait,
                ..envelope.unknown(
                    "missing",
                    "Graph's answer to the batch leaves this device out",
                )
            },
        });
        Some(items.collect())
    }

    pub(super) fn single_answered(&mut self, place: Place, answer: Answer, renewing: bool) {
        let no_json =
            !answer.body.is_empty() && serde_json::from_slice::<Value>(&answer.body).is_err();
        let answer = if answer.verdict == Verdict::Success && no_json {
            answer.unreadable()
        } else {
            answer
        };
        self.items_answered(&[place], vec![answer], renewing);
    }

    pub(super) fn items_answered(&mut self, places: &[Place], items: Vec<Answer>, renewing: bool) {
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
                    self.end(RunStatus::NotAuthorized(problems::role_missing(
                        Needed::Sync,
                        &answer.error,
                    )));
                    urgent.push(*place);
                }
                Verdict::ApprovalNeeded => {
                    self.end(RunStatus::NotAuthorized(problems::approval_needed(
                        &answer.error,
                    )));
                    urgent.push(*place);
                }
            }
        }
        self.urgent(&urgent);
        if let Some((devices, wait, first)) = retried {
            self.tell_retrying(Retried::Sync, devices, first.status, &first.error, wait);
        }
    }

    /// The envelope of a batch says nothing of its items.
    pub(super) fn batch_failed(&mut self, places: &[Place], envelope: &Answer) {
        match (envelope.verdict, envelope.status) {
            (Verdict::Throttled | Verdict::TokenRefused, _) => self.urgent(places),
            (Verdict::RoleMissing, _) => {
                self.end(RunStatus::NotAuthorized(problems::role_missing(
                    Needed::Sync,
                    &envelope.error,
                )));
            }
            (Verdict::ApprovalNeeded, _) => {
                self.end(RunStatus::NotAuthorized(problems::approval_needed(
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
                let message = GraphError::read(&envelope.body, &[]).message;
                self.all_transient(
                    Retried::Batch,
                    places,
                    &envelope.unknown("unreadable", &message),
                );
            }
            (Verdict::Transient, _) => self.all_transient(Retried::Batch, places, envelope),
        }
    }

    /// A request as a whole failed: each of its devices is tried again.
    pub(super) fn all_transient(&mut self, what: Retried, places: &[Place], answer: &Answer) {
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
            self.opening = Opening::Proven;
            self.budget.succeeded(self.now);
            self.throttle.succeeded(self.now);
        } else if items
            .iter()
            .any(|answer| answer.verdict == Verdict::Transient)
        {
            self.budget.failed();
        }
    }

    pub(super) fn fall_back(&mut self, route: Route, notice: &str) {
        if self.dispatch != route {
            self.dispatch = route;
            self.tell(EventKind::Notice(notice.to_owned()));
        }
    }
}
