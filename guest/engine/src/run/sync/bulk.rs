//! Up to 100 devices in a call of the bulk action, and when to give that up.

use intune_sync_graph::{BulkOutcome, BulkResponse, Missing, Requested, Verdict, read_bulk};

use super::{Route, Syncing};
use crate::{
    contract::RunStatus,
    devices::Position,
    pacing::Progress,
    run::{
        ledger::Ledger,
        problems::{self, Needed},
        response::{Judged, Received, Signals, all_writes, progress, progress_of_whole},
        traffic::{Sent, Traffic},
    },
};

impl Syncing {
    pub(super) fn handle_bulk(
        &mut self,
        positions: &[Position],
        sent: &Sent,
        received: Received,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        let bulk = match received.judged.verdict {
            Verdict::Success => read_bulk(&received.body),
            _ => None,
        };
        let received = match bulk {
            Some(_) => received,
            None => received.with_error_in_body(Requested::Bulk, traffic),
        };
        let Received { judged, body, .. } = received;
        let writes = all_writes(&judged);
        match (bulk, self.route) {
            (Some(bulk), _) => {
                let items = self.bulk_items(positions, &bulk, &judged);
                let signals = Signals::of_request(&judged, writes, progress(&items));
                let signals = signals.reporting(positions.len());
                traffic.learn(sent, &signals, &judged.error, ledger);
                self.handle_items(positions, items, sent, traffic, ledger);
            }
            (None, Route::Bulk { chunk }) => {
                let signals = Signals::of_request(&judged, writes, progress_of_whole(&judged));
                traffic.learn(sent, &signals, &judged.error, ledger);
                self.call_refused(positions, chunk, judged, &body, traffic, ledger);
            }
            // The route fell back after this was sent: its devices take the new one.
            (None, Route::Single | Route::Batch) => {
                let signals = Signals::of_request(&judged, writes, Progress::None);
                traffic.learn(sent, &signals, &judged.error, ledger);
                self.schedule.urgent(positions);
            }
        }
    }

    /// The response does not say what became of the devices.
    fn call_refused(
        &mut self,
        positions: &[Position],
        chunk: usize,
        judged: Judged,
        body: &[u8],
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        match judged.verdict {
            Verdict::Success => {
                self.retry_all(positions, &judged.unreadable(body), traffic, ledger);
            }
            Verdict::Transient | Verdict::ItemsFailed => {
                self.retry_all(positions, &judged, traffic, ledger);
            }
            Verdict::Throttled | Verdict::TokenRefused => self.schedule.urgent(positions),
            Verdict::NotAuthorized(Missing::Approval) => {
                let needed = Needed::Sync;
                let problem = problems::not_authorized(Missing::Approval, needed, &judged.error);
                ledger.end(RunStatus::NotAuthorized(problem));
            }
            Verdict::TooLarge if chunk > 1 => {
                let half = chunk.min(positions.len()).div_ceil(2);
                let half = half.min(chunk / 2).max(1);
                self.route = Route::Bulk { chunk: half };
                let notice =
                    format!("Graph refused a bulk call; the next ones carry {half} devices");
                ledger.notice(notice);
                self.schedule.urgent(positions);
            }
            // Without the role for the bulk action, batches may still be allowed.
            Verdict::NotAuthorized(Missing::Role)
            | Verdict::TooLarge
            | Verdict::Unsupported
            | Verdict::NotFound
            | Verdict::Rejected
            | Verdict::QueryRefused => {
                let status = judged.status.unwrap_or_default();
                let notice = format!("Graph refuses the bulk action ({status}); batches are used");
                self.fall_back(Route::Batch, notice, ledger);
                self.schedule.urgent(positions);
            }
        }
    }

    /// What the response says about each device. It does not say why one has failed, which a separate request will:
    /// such a device is sent in one.
    fn bulk_items(
        &mut self,
        positions: &[Position],
        bulk: &BulkResponse,
        judged: &Judged,
    ) -> Vec<Judged> {
        let without_reason = |verdict, code| Judged {
            verdict,
            ..judged.unknown(code, "the bulk action gives no reason")
        };
        let items = positions
            .iter()
            .map(|position| match bulk.of(self.devices.id(*position)) {
                Some(BulkOutcome::Successful) => judged.success(),
                Some(BulkOutcome::NotFound) => without_reason(Verdict::NotFound, ""),
                Some(BulkOutcome::NotSupported) => {
                    without_reason(Verdict::Rejected, "notSupported")
                }
                Some(BulkOutcome::Failed) => {
                    self.schedule.isolate(*position);
                    without_reason(Verdict::Transient, "failed")
                }
                None => judged.unknown(
                    "missing",
                    "Graph's response to the bulk action leaves this device out",
                ),
            });
        items.collect()
    }
}
