//! What leaves: the next page of the list, or the next devices in the form that the route asks for.

use core::time::Duration;

use intune_sync_graph::{BATCH_PATH, BULK_PATH, batch_body, bulk_body, sync_path};
use intune_sync_ids::Guid;

use super::{Action, InFlight, Phase, Place, Route, Run, Sent, Syncing};
use crate::{
    TokenSerial,
    contract::{Batch, EventKind},
    http::{Method, Request, RequestId},
};

/// A page of 1,000 devices takes about 400 KB with `$select`, 5 MB where that is ignored.
const PAGE_LIMIT: usize = 32 << 20;
const ANSWER_LIMIT: usize = 1 << 20;
/// What Microsoft's SDKs wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(100);

/// A request, as far as the route makes it.
struct Draft {
    sent: Sent,
    method: Method,
    path_and_query: String,
    body: Option<String>,
    /// Writes that it counts as.
    cost: u32,
    begins: Vec<Batch>,
}

impl Run {
    /// Sends what is next. Only when it is time.
    pub(super) fn send(&mut self, token: TokenSerial) -> Action {
        let draft = match &mut self.phase {
            Phase::Listing(intake) => Some(Draft {
                sent: Sent::Page,
                method: Method::Get,
                path_and_query: intake.listing.path_and_query.clone(),
                body: None,
                cost: 0,
                begins: Vec::new(),
            }),
            Phase::Syncing(syncing) => {
                let cost_max = self.opening.cost_max(self.dispatch);
                let portion = self.rate.portion(self.now, cost_max);
                let most = self.opening.devices(self.dispatch, portion);
                syncing.draft(self.now, self.dispatch, most)
            }
            Phase::Over => None,
        };
        let Some(draft) = draft else {
            return Action::WaitUntil(None);
        };
        for batch in draft.begins {
            self.tell(EventKind::BatchStarted(batch));
        }
        let id = RequestId(self.requests);
        let client_request_id = Guid::random(self.random.u128(..));
        self.requests += 1;
        self.throttle.sent(id);
        if draft.cost > 0 {
            self.rate.sent(self.now, id, draft.cost);
        }
        let answer_limit = if matches!(draft.sent, Sent::Page) {
            PAGE_LIMIT
        } else {
            ANSWER_LIMIT
        };
        self.in_flight.insert(
            id,
            InFlight {
                what: draft.sent,
                token,
                client_request_id,
                cost: draft.cost,
                left: self.now,
            },
        );
        Action::Send(Request {
            id,
            method: draft.method,
            path_and_query: draft.path_and_query,
            body: draft.body,
            client_request_id,
            token,
            answer_limit,
            timeout: TIMEOUT,
        })
    }
}

impl Syncing {
    fn draft(&mut self, now: Duration, route: Route, most: usize) -> Option<Draft> {
        let work = self.schedule.take(now, most)?;
        for place in &work.places {
            let device = self.fleet.device_mut(self.order[*place as usize]);
            device.attempts = device.attempts.saturating_add(1);
        }
        let ids: Vec<Guid> = work.places.iter().map(|place| self.id(*place)).collect();
        let writes = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let (path_and_query, body, cost, sent) = match (route, ids.as_slice()) {
            (Route::Single, [id, ..]) => (sync_path(*id), None, 1, Sent::Single(work.places[0])),
            (_, [id]) if work.alone => (sync_path(*id), None, 1, Sent::Single(work.places[0])),
            (Route::Bulk { cheap, .. }, ids) => {
                let cost = if cheap { 1 } else { writes };
                (
                    BULK_PATH.to_owned(),
                    Some(bulk_body(ids)),
                    cost,
                    Sent::Bulk(work.places),
                )
            }
            (_, ids) => (
                BATCH_PATH.to_owned(),
                Some(batch_body(ids)),
                writes,
                Sent::Batch(work.places),
            ),
        };
        Some(Draft {
            sent,
            method: Method::Post,
            path_and_query,
            body,
            cost,
            begins: work.begins,
        })
    }

    pub(super) fn id(&self, place: Place) -> Guid {
        self.fleet.device(self.order[place as usize]).id()
    }
}
