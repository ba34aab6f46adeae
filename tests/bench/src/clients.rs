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
    let mut client = Client::new(kind, seed);
    let mut now = 0;
    while now < end {
        client.deliver(now, tenant.advance(now));
        if !client.send(now, tenant) {
            break;
        }
        let next = [client.free_at(), tenant.next_at()];
        let next = next.into_iter().flatten().min();
        now = next.unwrap_or(end).max(now + 1);
    }
    client.lost
}

/// A client while it sends.
pub(crate) struct Client {
    kind: Kind,
    pacer: Box<dyn Pacer>,
    random: Rng,
    /// The device and the attempt of each request.
    in_flight: HashMap<Ticket, (u32, u32)>,
    /// Devices to send again, by time.
    again: BinaryHeap<Reverse<(u64, u32, u32)>>,
    fresh: u32,
    free_at: f64,
    paused_until: u64,
    /// Devices that were given up.
    lost: u64,
    counts: Counts,
}

/// How many syncs were admitted and throttled.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) admitted: u64,
    pub(crate) throttled: u64,
}

impl Client {
    pub(crate) fn new(kind: Kind, seed: u64) -> Self {
        Self {
            kind,
            pacer: kind.pacer(),
            random: Rng::with_seed(seed),
            in_flight: HashMap::new(),
            again: BinaryHeap::new(),
            fresh: 0,
            free_at: 0.0,
            paused_until: 0,
            lost: 0,
            counts: Counts::default(),
        }
    }

    /// Takes in the responses to its own requests. Those of others are left.
    pub(crate) fn deliver(
        &mut self,
        now: u64,
        mut deliveries: Vec<(Ticket, Delivery)>,
    ) -> Vec<(Ticket, Delivery)> {
        deliveries.retain(|(ticket, delivery)| {
            let sent = self.in_flight.remove(ticket);
            if let Some((device, attempt)) = sent {
                self.handle_response(now, device, attempt, delivery);
            }
            sent.is_none()
        });
        deliveries
    }

    fn handle_response(&mut self, now: u64, device: u32, attempt: u32, delivery: &Delivery) {
        let Delivery::Response(response) = delivery else {
            return;
        };
        let throttled = response.status() == 429;
        self.pacer.handle_response(seconds(now), throttled);
        if !throttled {
            self.counts.admitted += 1;
            return;
        }
        self.counts.throttled += 1;
        let wait = match self.kind {
            Kind::Cubic => self.random.u64(0..=(1_000 << attempt.min(4)).min(20_000)),
            Kind::Unpaced | Kind::FixedPace | Kind::Aimd => retry_after(response),
        };
        if self.kind.pauses_everything() {
            self.paused_until = self.paused_until.max(now + wait);
        }
        if attempt < self.kind.attempts() {
            self.again.push(Reverse((now + wait, device, attempt + 1)));
        } else {
            self.lost += 1;
        }
    }

    /// Sends all it wants to send now. False if there are no more devices.
    pub(crate) fn send(&mut self, now: u64, tenant: &mut Tenant) -> bool {
        while self.in_flight.len() < IN_FLIGHT_MAX
            && self.paused_until <= now
            && self.free_at <= seconds(now)
        {
            let due = self
                .again
                .peek()
                .is_some_and(|Reverse((at, ..))| *at <= now);
            let retried = if due { self.again.pop() } else { None };
            let (device, attempt) = match retried {
                Some(Reverse((_, device, attempt))) => (device, attempt),
                None => {
                    self.fresh += 1;
                    (self.fresh - 1, 1)
                }
            };
            let Some(id) = tenant.device_id(device) else {
                return false;
            };
            let ticket = tenant.send(now, sync(&id, &mut self.random));
            self.in_flight.insert(ticket, (device, attempt));
            self.pacer.sent(seconds(now));
            self.free_at = self.free_at.max(seconds(now)) + 1.0 / self.pacer.rate(seconds(now));
        }
        true
    }

    /// When it may send again; `None` if that depends on a response.
    pub(crate) fn free_at(&self) -> Option<u64> {
        (self.in_flight.len() < IN_FLIGHT_MAX).then(|| {
            self.paused_until
                .max((self.free_at * 1_000.0).ceil() as u64)
        })
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }
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
