//! Records each request of a run in the history as it leaves, and what came of it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use http::{HeaderMap, StatusCode};
use intune_sync_egress::sync::Call;
use intune_sync_history::{Departure, Recorder, RequestKind, Return};
use intune_sync_sandbox::Journal;
use jiff::Timestamp;

use crate::graph::response_time;

/// Records the requests of a run.
pub(super) struct Requests {
    recorder: Recorder,
    /// This machine's clock has been compared with Graph's.
    clock: AtomicBool,
}

impl Requests {
    /// Hands them to the recorder.
    pub(super) fn of(recorder: Recorder) -> Self {
        Self {
            recorder,
            clock: AtomicBool::new(false),
        }
    }

    /// Notes how far this machine's clock is ahead of Graph's, whose responses say in whole seconds when they were
    /// made.
    fn compare_clocks(&self, head: &HeaderMap) {
        /// Less than this may be the way from there to here.
        const HARDLY: i64 = 5_000;
        let Some(theirs) = response_time(head) else {
            return;
        };
        if !self.clock.swap(true, Ordering::Relaxed) {
            let ahead = Timestamp::now().as_millisecond() - theirs.as_millisecond();
            if ahead.abs() > HARDLY {
                self.recorder.clock_ahead(ahead);
            }
        }
    }
}

impl Journal for Requests {
    fn left(&self, call: &Call) -> i64 {
        let (kind, devices) = match call {
            Call::List(_) => (RequestKind::List, Vec::new()),
            Call::Sync(device) => (RequestKind::Sync, vec![*device]),
            Call::Batch(items) => {
                let devices = items.iter().map(|item| item.device).collect();
                (RequestKind::Batch, devices)
            }
            Call::Bulk(devices) => (RequestKind::Bulk, devices.clone()),
        };
        self.recorder.left(Departure {
            at: Timestamp::now().as_millisecond(),
            kind,
            devices,
        })
    }

    fn returned(&self, number: i64, head: Option<(StatusCode, &HeaderMap)>, elapsed: Duration) {
        if let Some((_, headers)) = head {
            self.compare_clocks(headers);
        }
        let request_id = head.and_then(|(_, headers)| headers.get("request-id")?.to_str().ok());
        self.recorder.returned(
            number,
            Return {
                status: head.map(|(status, _)| status.as_u16()),
                request_id: request_id.map(str::to_owned),
                ms: i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX),
            },
        );
    }
}
