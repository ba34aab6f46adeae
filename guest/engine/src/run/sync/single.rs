//! A device in a separate request.

use core::slice;

use intune_sync_graph::{Requested, Verdict, read_json};
use serde::de::IgnoredAny;

use super::Syncing;
use crate::{
    devices::Position,
    pacing::Progress,
    run::{
        ledger::Ledger,
        response::{Received, Signals, progress, single_write},
        traffic::{Sent, Traffic},
    },
};

impl Syncing {
    pub(super) fn handle_single(
        &mut self,
        positions: &[Position],
        sent: &Sent,
        received: Received,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        let received = received.with_error_in_body(Requested::Single, traffic);
        let Received {
            mut judged, body, ..
        } = received;
        let blames_token =
            self.blames_token(positions, slice::from_mut(&mut judged), sent, traffic);
        let is_json = || body.is_empty() || read_json::<IgnoredAny>(&body).is_ok();
        let is_unreadable = judged.verdict == Verdict::Success && !is_json();
        let progress = if is_unreadable {
            Progress::Failed
        } else {
            progress(slice::from_ref(&judged))
        };
        let signals = Signals::of_request(&judged, single_write(&judged), progress)
            .blaming_token(blames_token);
        traffic.learn(sent, &signals, &judged.error, ledger);
        let judged = if is_unreadable {
            judged.unreadable(&body)
        } else {
            judged
        };
        self.handle_items(positions, vec![judged], sent, traffic, ledger);
    }
}
