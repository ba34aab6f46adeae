//! The second phase: sends the syncs until each device has its final outcome.

mod batch;
mod bulk;
mod forbidden;
mod outcomes;
mod refused;
mod route;
mod single;

use std::collections::BTreeMap;

use intune_sync_graph::{BATCH_PATH, BULK_PATH, Requested, batch_body, bulk_body, sync_path};
use intune_sync_ids::Guid;

pub(super) use self::route::{Opening, Route};
use self::{forbidden::Forbidden, refused::Refused};
use super::{
    Next,
    ledger::Ledger,
    response::Received,
    traffic::{Draft, Sent, Traffic},
};
use crate::{
    TokenSerial, contract,
    devices::{Position, Schedule, Selected, Work},
    http::{Method, NoResponse, Request, RequestId, Response},
    pacing::Load,
};

/// How many devices are handed to the host at a time.
const PART: usize = 1_000;
const RESPONSE_LIMIT: usize = 1 << 20;

/// Sends the syncs.
#[derive(Debug, Clone)]
pub(super) struct Syncing {
    devices: Selected,
    schedule: Schedule,
    route: Route,
    opening: Opening,
    max_retries: u32,
    refused: Refused,
    forbidden: Forbidden,
    in_flight: BTreeMap<RequestId, Carried>,
}

/// The devices that a request carries, and how.
#[derive(Debug, Clone)]
struct Carried {
    how: Requested,
    positions: Vec<Position>,
}

impl Syncing {
    pub(super) fn new(
        devices: Selected,
        schedule: Schedule,
        route: Route,
        max_retries: u32,
    ) -> Self {
        Self {
            devices,
            schedule,
            route,
            opening: Opening::Unproven,
            max_retries,
            refused: Refused::default(),
            forbidden: Forbidden::default(),
            in_flight: BTreeMap::new(),
        }
    }

    /// The devices from this number on, by their ids, a part of them.
    pub(super) fn selected(&mut self, first: u32) -> Vec<contract::Selected> {
        self.devices.by_id(first, PART)
    }

    pub(super) fn next(&self, traffic: &Traffic) -> Next {
        let opening = self.opening();
        if traffic.in_flight() >= opening.in_flight_max(self.route, traffic.bulk_cost()) {
            return Next::AfterResponse;
        }
        let free_at = traffic.free_at(opening.load_max(self.route));
        match (self.schedule.ready_at(), free_at) {
            (Some(ready_at), Some(free_at)) => Next::At(ready_at.max(free_at)),
            (None, _) if traffic.is_idle() => Next::Finished,
            (None, _) | (_, None) => Next::AfterResponse,
        }
    }

    /// Sends the next devices, if there are any.
    pub(super) fn send(
        &mut self,
        token: TokenSerial,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) -> Option<Request> {
        self.devices.forget_ids();
        let most = traffic.portion(self.opening().load_max(self.route));
        let work = self.schedule.take(traffic.now(), most)?;
        for position in &work.positions {
            let device = self.devices.device_mut(*position);
            device.attempts = device.attempts.saturating_add(1);
        }
        for batch in &work.begins {
            ledger.batch_started(*batch);
        }
        let (how, draft) = self.draft(&work);
        let request = traffic.send(draft, token, ledger);
        let positions = work.positions;
        self.in_flight
            .insert(request.id, Carried { how, positions });
        Some(request)
    }

    pub(super) fn handle_response(
        &mut self,
        id: RequestId,
        sent: &Sent,
        result: Result<Response, NoResponse>,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        let Some(Carried { how, positions }) = self.in_flight.remove(&id) else {
            return;
        };
        let received = Received::read(how, result, sent, traffic);
        match how {
            Requested::Bulk => self.handle_bulk(&positions, sent, received, traffic, ledger),
            Requested::Envelope => self.handle_batch(&positions, sent, received, traffic, ledger),
            _ => self.handle_single(&positions, sent, received, traffic, ledger),
        }
        if traffic.is_idle() && self.schedule.ready_at().is_none() {
            let all = self.forbidden.settle_all();
            self.fail_forbidden(all, traffic.now(), ledger);
        }
    }

    /// While it is in doubt whether the identity may sync at all, a write goes alone.
    fn opening(&self) -> Opening {
        if self.forbidden.is_in_doubt() {
            Opening::Unproven
        } else {
            self.opening
        }
    }

    /// A request never left: its devices stay as they were.
    pub(super) fn withdraw(&mut self, id: RequestId) {
        let withdrawn = self.in_flight.remove(&id);
        for position in withdrawn.into_iter().flat_map(|carried| carried.positions) {
            let device = self.devices.device_mut(position);
            device.attempts = device.attempts.saturating_sub(1);
        }
    }

    /// The request that carries these devices.
    fn draft(&self, work: &Work) -> (Requested, Draft) {
        let ids: Vec<Guid> = work
            .positions
            .iter()
            .map(|at| self.devices.id(*at))
            .collect();
        let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let (how, path, body, load) = match (self.route, ids.as_slice()) {
            (route, [id]) if work.alone || route == Route::Single => {
                (Requested::Single, sync_path(*id), None, Load::Syncs(1))
            }
            (Route::Bulk { .. }, ids) => {
                let (path, body) = (BULK_PATH.to_owned(), bulk_body(ids));
                (Requested::Bulk, path, Some(body), Load::Bulk(count))
            }
            (Route::Single | Route::Batch, ids) => {
                let (path, body) = (BATCH_PATH.to_owned(), batch_body(ids));
                (Requested::Envelope, path, Some(body), Load::Syncs(count))
            }
        };
        let draft = Draft {
            method: Method::Post,
            path_and_query: path,
            body,
            load,
            response_limit: RESPONSE_LIMIT,
        };
        (how, draft)
    }
}
