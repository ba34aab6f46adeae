//! Up to 20 devices in a JSON batch. Its response has one for each item; a response to the envelope alone says nothing
//! about the items.

use intune_sync_graph::{BatchResponse, GraphError, ItemResponse, Requested, Verdict, read_batch};

use super::{Route, Syncing};
use crate::{
    contract::RunStatus,
    devices::Position,
    run::{
        ledger::Ledger,
        problems::{self, Needed},
        response::{Judged, Received, Signals, all_writes, progress_of_whole},
        traffic::{Sent, Traffic},
    },
};

impl Syncing {
    pub(super) fn handle_batch(
        &mut self,
        positions: &[Position],
        sent: &Sent,
        envelope: Received,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        if let Some(mut items) = read_items(&envelope, positions.len(), traffic) {
            let blames_token = self.blames_token(positions, &mut items, sent, traffic);
            let signals = Signals::of_items(&items).blaming_token(blames_token);
            traffic.learn(sent, &signals, &envelope.judged.error, ledger);
            return self.handle_items(positions, items, sent, traffic, ledger);
        }
        let envelope = envelope.with_error_in_body(Requested::Envelope, traffic);
        let Received {
            mut judged, body, ..
        } = envelope;
        if judged.verdict == Verdict::ItemsFailed {
            judged.verdict = Verdict::Transient;
        }
        let progress = progress_of_whole(&judged);
        let signals = Signals::of_request(&judged, all_writes(&judged), progress);
        traffic.learn(sent, &signals, &judged.error, ledger);
        self.envelope_refused(positions, &judged, &body, sent, traffic, ledger);
    }

    /// The response does not say what became of the items.
    fn envelope_refused(
        &mut self,
        positions: &[Position],
        judged: &Judged,
        body: &[u8],
        sent: &Sent,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        match judged.verdict {
            Verdict::Throttled | Verdict::TokenRefused => self.schedule.urgent(positions),
            Verdict::NotAuthorized(missing) if !self.refused.was_accepted(sent.token) => {
                let problem = problems::not_authorized(missing, Needed::Sync, &judged.error);
                ledger.end(RunStatus::NotAuthorized(problem));
            }
            Verdict::Unsupported => {
                let status = judged.status.unwrap_or_default();
                let notice = format!("Graph refuses batches ({status}); each device is sent alone");
                self.fall_back(Route::Single, notice, ledger);
                self.schedule.urgent(positions);
            }
            Verdict::NotFound
            | Verdict::Rejected
            | Verdict::TooLarge
            | Verdict::QueryRefused
            | Verdict::NotAuthorized(_) => {
                // One of the items may be the reason: each is judged separately.
                for position in positions {
                    self.schedule.isolate(*position);
                }
                self.schedule.urgent(positions);
            }
            Verdict::Success => {
                let message = GraphError::read(body, &[]).message;
                let unreadable = judged.unknown("unreadable", &message);
                self.retry_all(positions, &unreadable, traffic, ledger);
            }
            Verdict::Transient | Verdict::ItemsFailed => {
                self.retry_all(positions, judged, traffic, ledger);
            }
        }
    }
}

/// The responses to a batch's items, in the order in which they were sent; `None` if the envelope failed. An item
/// without a readable response may have been executed or not.
fn read_items(envelope: &Received, count: usize, traffic: &Traffic) -> Option<Vec<Judged>> {
    let Received {
        judged: whole,
        body,
        ..
    } = envelope;
    if !matches!(whole.verdict, Verdict::Success | Verdict::ItemsFailed) {
        return None;
    }
    let BatchResponse { items, strays } = read_batch(body, count)?;
    let judged = |item: ItemResponse| {
        let error = GraphError::of(&item.body, &item.headers);
        let id = whole.client_request_id;
        Judged::new(
            Requested::Item,
            item.status,
            error,
            &item.headers,
            id,
            traffic,
        )
    };
    let strays = strays.into_iter().map(judged).filter(Judged::asks_to_wait);
    let stray_wait = strays.filter_map(|stray| stray.named_wait).max();
    let items = items.into_iter().map(|item| match item {
        Some(item) => judged(item),
        None => Judged {
            named_wait: stray_wait,
            ..whole.unknown(
                "missing",
                "Graph's response to the batch leaves this device out",
            )
        },
    });
    Some(items.collect())
}
