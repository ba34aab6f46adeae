//! What the answer to a bulk action means for its devices, and when to give the bulk action up.

use intune_sync_graph::{BulkAnswer, BulkOutcome, Verdict, read_bulk};

use super::{Phase, Place, Route, Run, answers::Answer, problems};
use crate::{
    contract::{EventKind, Retried, RunStatus},
    pacing::SPAN,
};

impl Run {
    pub(super) fn bulk_answered(&mut self, places: &[Place], answer: Answer) {
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
                None => self.all_transient(Retried::Batch, places, &answer.unreadable()),
            },
            (Verdict::Throttled, _) => {
                self.reconsider_cost(chunk);
                self.urgent(places);
            }
            (Verdict::TokenRefused, _) => self.urgent(places),
            (Verdict::ApprovalNeeded, _) => {
                self.end(RunStatus::NotAuthorized(problems::approval_needed(
                    &answer.error,
                )));
            }
            (Verdict::Transient, _) => self.all_transient(Retried::Batch, places, &answer),
            (_, Some(400 | 413)) if chunk > 1 => {
                let Route::Bulk { cheap, .. } = self.dispatch else {
                    return;
                };
                let half = chunk.min(places.len()).div_ceil(2).min(chunk / 2).max(1);
                self.dispatch = Route::Bulk { chunk: half, cheap };
                self.tell(EventKind::Notice(format!(
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

    /// A call that was taken for one write was throttled: perhaps it counts as one for each device that it carries, which
    /// nobody documents. Unless more devices than twice the ceiling were carried past the quota in the last window, the
    /// whole tenant's share: then it was the calls that were too many.
    fn reconsider_cost(&mut self, chunk: usize) {
        let Route::Bulk { cheap: true, .. } = self.dispatch else {
            return;
        };
        let carried = self.carried.after(self.now.saturating_sub(SPAN));
        if carried > 2 * self.rate.ceiling() {
            return;
        }
        self.dispatch = Route::Bulk {
            chunk,
            cheap: false,
        };
        let carried = u32::try_from(carried).unwrap_or(u32::MAX);
        self.rate
            .count_devices(self.now, self.settings.ceiling, carried);
    }

    fn bulk_read(&mut self, places: &[Place], bulk: &BulkAnswer, answer: &Answer) {
        if matches!(self.dispatch, Route::Bulk { cheap: true, .. }) {
            self.carried.forget(self.now.saturating_sub(SPAN));
            let devices = u32::try_from(places.len()).unwrap_or(u32::MAX);
            self.carried.add(self.now, devices);
        }
        let Phase::Syncing(syncing) = &self.phase else {
            return;
        };
        let items = places.iter().map(|place| {
            let (verdict, code) = match bulk.of(syncing.id(*place)) {
                Some(BulkOutcome::Successful) => return answer.success(),
                Some(BulkOutcome::NotFound) => (Verdict::NotFound, ""),
                Some(BulkOutcome::NotSupported) => (Verdict::Rejected, "notSupported"),
                Some(BulkOutcome::Failed) => (Verdict::Transient, "failed"),
                None => {
                    return answer.unknown(
                        "missing",
                        "Graph's answer to the bulk action leaves this device out",
                    );
                }
            };
            Answer {
                verdict,
                ..answer.unknown(code, "the bulk action says no more")
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
}
