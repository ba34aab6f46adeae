//! A client that knows the limiter, its quota and when that changes: the best that any client can reach.
//!
//! It sends as much as it may without ever being throttled, spread over the window as the engine's syncs are: what
//! comes in bursts is counted wrongly at the edges of the measured time. All that it does not know is how long a
//! request will take to arrive, so it is prepared for the worst.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use fastrand::Rng;
use http::Request;
use intune_sync_engine::contract::Dispatch;
use intune_sync_graph::{BATCH_MAX, BATCH_PATH, batch_body};
use intune_sync_ids::Guid;
use intune_sync_simulator::{Latency, Quota, QuotaKind, Tenant, Ticket};

use crate::clients::{self, TOKEN};

/// How often it looks whether it may send, in milliseconds.
const TURN: u64 = 5;

/// What it knows.
pub(crate) struct Oracle {
    quota: Quota,
    latency: Latency,
    /// The most in a window, whatever the quota.
    ceiling: u64,
    /// When the next request may leave, in microseconds.
    free_at: u64,
    used: Used,
}

/// What the quota has left.
enum Used {
    /// The number of the window, and the syncs that will arrive in it.
    Fixed { window: u64, syncs: u64 },
    /// The syncs that may count when the next request arrives, by the latest time at which they arrive; and their sum.
    Sliding {
        by_arrival: BTreeMap<(u64, Ticket), u64>,
        sum: u64,
    },
    /// What is in the bucket if each request drains it as early as it can arrive, in parts as the simulator's.
    Bucket { level: u64, at: u64 },
}

impl Oracle {
    pub(crate) fn new(quota: Quota, latency: Latency, ceiling: u64) -> Self {
        let used = match quota.kind {
            QuotaKind::Fixed | QuotaKind::Off => Used::Fixed {
                window: 0,
                syncs: 0,
            },
            QuotaKind::Sliding => Used::Sliding {
                by_arrival: BTreeMap::new(),
                sum: 0,
            },
            QuotaKind::Bucket => Used::Bucket {
                level: u64::MAX,
                at: 0,
            },
        };
        Self {
            quota,
            latency,
            ceiling,
            free_at: 0,
            used,
        }
    }

    /// Sends syncs until `end`, in milliseconds.
    pub(crate) fn run(mut self, dispatch: Dispatch, tenant: &mut Tenant, end: u64, seed: u64) {
        let (most, in_flight_max) = match dispatch {
            Dispatch::Batch => (BATCH_MAX as u64, 16),
            _ => (1, 32),
        };
        let mut random = Rng::with_seed(seed);
        let mut in_flight: HashMap<Ticket, u64> = HashMap::new();
        let mut fresh = 0;
        for now in (0..end).step_by(TURN as usize) {
            for (ticket, _) in tenant.advance(now) {
                if let Some(sent_at) = in_flight.remove(&ticket) {
                    self.handle_response(now, ticket, sent_at);
                }
            }
            while in_flight.len() < in_flight_max && self.free_at <= now * 1_000 {
                let syncs = self.room(now, most);
                let devices = fresh..fresh + u32::try_from(syncs).unwrap_or(0);
                fresh = devices.end;
                let ids: Option<Vec<String>> =
                    devices.map(|device| tenant.device_id(device)).collect();
                let Some(request) = ids.and_then(|ids| request(&ids, dispatch, &mut random)) else {
                    break;
                };
                let ticket = tenant.send(now, request);
                in_flight.insert(ticket, now);
                self.sent(now, ticket, syncs);
            }
        }
    }

    /// How many syncs a request may carry that leaves now, at most `most`.
    fn room(&mut self, now: u64, most: u64) -> u64 {
        let (first, last) = self.arrivals(now);
        let limit = self.limit_at(first).min(self.limit_at(last));
        let width = u64::from(self.quota.window_ms.get());
        match &mut self.used {
            // It has to be clear in which window it arrives.
            Used::Fixed { .. } if first / width != last / width => 0,
            Used::Fixed { window, syncs } => {
                if *window != first / width {
                    (*window, *syncs) = (first / width, 0);
                }
                limit.saturating_sub(*syncs).min(most)
            }
            Used::Sliding { by_arrival, sum } => {
                while let Some(oldest) = by_arrival.first_entry()
                    && oldest.key().0 + width <= first
                {
                    *sum -= oldest.remove();
                }
                limit.saturating_sub(*sum).min(most)
            }
            Used::Bucket { level, at } => {
                let (quota, ceiling) = (&self.quota, self.ceiling);
                for flows in *at..first {
                    let limit = quota.limit_at(flows).min(ceiling);
                    // A request that drains it later leaves it full for longer.
                    let full = limit * (width - (last - first));
                    *level = level.saturating_add(limit).min(full);
                }
                *at = first;
                // Requests are as large as they can be, so that there are as few.
                let most = most.min(limit);
                if *level / width >= most { most } else { 0 }
            }
        }
    }

    fn sent(&mut self, now: u64, ticket: Ticket, syncs: u64) {
        let (_, last) = self.arrivals(now);
        // A sixteenth closer than the quota requires: what counts is the count.
        let spread = u64::from(self.quota.window_ms.get()) * 1_000 * 15 / 16;
        let due = self.free_at.max(now.saturating_sub(TURN) * 1_000);
        self.free_at = due + spread * syncs / self.limit_at(last);
        match &mut self.used {
            Used::Fixed { syncs: used, .. } => *used += syncs,
            Used::Sliding { by_arrival, sum } => {
                by_arrival.insert((last, ticket), syncs);
                *sum += syncs;
            }
            Used::Bucket { level, .. } => *level -= syncs * u64::from(self.quota.window_ms.get()),
        }
    }

    /// A response shows when the request has arrived: half of the time ago.
    fn handle_response(&mut self, now: u64, ticket: Ticket, sent_at: u64) {
        let (_, last) = self.arrivals(sent_at);
        if let Used::Sliding { by_arrival, .. } = &mut self.used
            && let Some(syncs) = by_arrival.remove(&(last, ticket))
        {
            // It looks at its responses once in a turn.
            let arrived = (sent_at + (now - sent_at).div_ceil(2)).min(last);
            by_arrival.insert((arrived, ticket), syncs);
        }
    }

    /// The first and the last moment at which a request may arrive that leaves now.
    fn arrivals(&self, now: u64) -> (u64, u64) {
        let half = |latency: u32| now + u64::from(latency) / 2;
        (half(self.latency.min_ms), half(self.latency.max_ms))
    }

    fn limit_at(&self, at: u64) -> u64 {
        self.quota.limit_at(at).min(self.ceiling)
    }
}

/// A request that syncs these devices; `None` if there are none.
fn request(ids: &[String], dispatch: Dispatch, random: &mut Rng) -> Option<Request<Bytes>> {
    let first = ids.first()?;
    if dispatch != Dispatch::Batch {
        return Some(clients::sync(first, random));
    }
    let ids: Result<Vec<Guid>, _> = ids.iter().map(|id| id.parse()).collect();
    let body = batch_body(&ids.ok()?);
    Request::post(format!("https://graph.microsoft.com{BATCH_PATH}"))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .header("client-request-id", format!("{:032x}", random.u128(..)))
        .body(Bytes::from(body))
        .ok()
}

#[cfg(test)]
mod tests {
    use intune_sync_simulator::RetryAfterForm;

    use crate::quota::{Course, LIMITERS, Sender, measure};

    use super::*;

    #[test]
    fn an_oracle_is_never_throttled_and_uses_all_but_what_the_latency_takes() {
        for kind in LIMITERS {
            for dispatch in [Dispatch::Single, Dispatch::Batch] {
                for course in [60, 130, 195, 200].map(Course::Steady) {
                    let outcome = measure(
                        Sender::Oracle(dispatch),
                        kind,
                        RetryAfterForm::Missing,
                        course,
                        1,
                    );
                    let measure = outcome.phases[0];
                    assert!(
                        measure.throttled == 0.0 && (99.2..101.0).contains(&measure.used),
                        "{kind:?} {dispatch:?} {course:?}: {measure:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_oracle_is_not_throttled_when_the_quota_changes() {
        for kind in LIMITERS {
            for dispatch in [Dispatch::Single, Dispatch::Batch] {
                let sender = Sender::Oracle(dispatch);
                let outcome = measure(sender, kind, RetryAfterForm::Seconds, Course::Changing, 1);
                let throttled = outcome.phases.iter().map(|phase| phase.throttled);
                assert_eq!(throttled.sum::<f64>(), 0.0, "{kind:?} {dispatch:?}");
            }
        }
    }
}
