//! Other clients, which send single syncs to the same tenants, each at its own pace.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use bytes::Bytes;
use fastrand::Rng;
use http::{Request, Response};
use intune_sync_simulator::{Delivery, Tenant, Ticket};

use crate::pacers::{Aimd, Cubic, Fixed, Pacer};

/// The token that the tenants accept.
pub(crate) const TOKEN: &str = "a-token-that-is-always-good";
const IN_FLIGHT_MAX: usize = 32;

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As fast as responses come; a throttled device is tried three more times, each after its Retry-After.
    Unpaced,
    /// At the engine's ceiling; nothing is sent during a Retry-After.
    FixedPace,
    /// Nothing is sent during a Retry-After.
    Aimd,
    /// Three attempts per device with jittered backoff, like the SDKs.
    Cubic,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Unpaced, Self::FixedPace, Self::Aimd, Self::Cubic];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unpaced => "unpaced, 3 retries",
            Self::FixedPace => "fixed pace",
            Self::Aimd => "AIMD",
            Self::Cubic => "CUBIC (AWS adaptive)",
        }
    }

    fn pacer(self) -> Box<dyn Pacer> {
        match self {
            Self::Unpaced => Box::new(Fixed(1_000.0)),
            Self::FixedPace => Box::new(Fixed(crate::quota::CEILING as f64 / 1_000.0)),
            Self::Aimd => Box::new(Aimd::new()),
            Self::Cubic => Box::new(Cubic::new()),
        }
    }

    fn pauses_everything(self) -> bool {
        matches!(self, Self::FixedPace | Self::Aimd)
    }

    fn attempts(self) -> u32 {
        match self {
            Self::Unpaced => 4,
            Self::Cubic => 3,
            Self::FixedPace | Self::Aimd => u32::MAX,
        }
    }
}

/// Sends syncs until `end`, in milliseconds. Returns how many devices were given up.
pub(crate) fn run(kind: Kind, tenant: &mut Tenant, end: u64, seed: u64) -> u64 {
    let (mut pacer, mut random) = (kind.pacer(), Rng::with_seed(seed));
    let mut in_flight: HashMap<Ticket, (u32, u32)> = HashMap::new();
    let mut again: BinaryHeap<Reverse<(u64, u32, u32)>> = BinaryHeap::new();
    let (mut now, mut fresh, mut lost) = (0, 0, 0);
    let (mut free_at, mut paused_until) = (0.0_f64, 0);
    while now < end {
        for (ticket, delivery) in tenant.advance(now) {
            let Some((device, attempt)) = in_flight.remove(&ticket) else {
                continue;
            };
            let Delivery::Response(response) = delivery else {
                continue;
            };
            let throttled = response.status() == 429;
            pacer.handle_response(seconds(now), throttled);
            if !throttled {
                continue;
            }
            let wait = match kind {
                Kind::Cubic => random.u64(0..=(1_000 << attempt.min(4)).min(20_000)),
                Kind::Unpaced | Kind::FixedPace | Kind::Aimd => retry_after(&response),
            };
            if kind.pauses_everything() {
                paused_until = paused_until.max(now + wait);
            }
            if attempt < kind.attempts() {
                again.push(Reverse((now + wait, device, attempt + 1)));
            } else {
                lost += 1;
            }
        }
        while in_flight.len() < IN_FLIGHT_MAX && paused_until <= now && free_at <= seconds(now) {
            let due = again.peek().is_some_and(|Reverse((at, ..))| *at <= now);
            let retried = if due { again.pop() } else { None };
            let (device, attempt) = match retried {
                Some(Reverse((_, device, attempt))) => (device, attempt),
                None => {
                    fresh += 1;
                    (fresh - 1, 1)
                }
            };
            let Some(id) = tenant.device_id(device) else {
                return lost;
            };
            in_flight.insert(tenant.send(now, sync(&id, &mut random)), (device, attempt));
            pacer.sent(seconds(now));
            free_at = free_at.max(seconds(now)) + 1.0 / pacer.rate(seconds(now));
        }
        let paced = (in_flight.len() < IN_FLIGHT_MAX)
            .then(|| paused_until.max((free_at * 1_000.0).ceil() as u64));
        let next = [paced, tenant.next_at()].into_iter().flatten().min();
        now = next
            .unwrap_or(end)
            .max(now + u64::from(next.is_none_or(|next| next <= now)));
    }
    lost
}

/// A request that syncs one device.
pub(crate) fn sync(id: &str, random: &mut Rng) -> Request<Bytes> {
    let name = format!("{:032x}", random.u128(..));
    Request::post(format!(
        "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices/{id}/syncDevice"
    ))
    .header("authorization", format!("Bearer {TOKEN}"))
    .header("client-request-id", name)
    .body(Bytes::new())
    .expect("a good request")
}

fn retry_after(response: &Response<Bytes>) -> u64 {
    let seconds = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
    (seconds.unwrap_or(5.0) * 1_000.0).ceil() as u64
}

fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}
