//! Whether a request may pass now: the two quotas, and the waits that callers were told to keep.

use crate::clock::Millis;
use crate::config::{Config, RetryAfterConfig};
use crate::limiter::Limiter;
use crate::retry_after::Hold;

/// The quotas of the calling app, and the waits that are not over.
pub(crate) struct Throttle {
    config: RetryAfterConfig,
    writes: Limiter,
    requests: Limiter,
    told: Vec<Told>,
    closed_until: Millis,
}

/// A wait that an answer has named.
struct Told {
    sent: Millis,
    until: Millis,
}

impl Throttle {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            config: config.retry_after.clone(),
            writes: Limiter::new(&config.quota),
            requests: Limiter::new(&config.requests),
            told: Vec::new(),
            closed_until: 0,
        }
    }

    /// A request arrives: if it is early, by how many milliseconds.
    pub(crate) fn arrive(&mut self, arrived: Millis) -> Option<Millis> {
        self.told.retain(|told| told.until > arrived);
        let crossed = Millis::from(self.config.grace_ms);
        let waits = self
            .told
            .iter()
            .filter(|told| told.sent + crossed < arrived);
        let until = waits.map(|told| told.until).max()?;
        let penalty = Millis::from(self.config.early_penalty_ms);
        if penalty > 0 {
            self.closed_until = self.closed_until.max(until) + penalty;
        }
        Some(until - arrived)
    }

    /// An answer that names a wait was sent.
    pub(crate) fn sent(&mut self, now: Millis, hold: Hold) {
        let until = match hold {
            Hold::For(wait) => now + wait,
            Hold::Until(instant) => instant,
        };
        self.told.push(Told { sent: now, until });
    }

    /// Takes a request of any kind from its quota, or says how long to wait.
    pub(crate) fn request(&mut self, now: Millis, cost: u32) -> Result<(), Millis> {
        self.open(now)?;
        self.requests.take(now, cost)
    }

    /// Takes writes from their quota, or says how long to wait.
    pub(crate) fn write(&mut self, now: Millis, cost: u32) -> Result<(), Millis> {
        self.open(now)?;
        self.writes.take(now, cost)
    }

    fn open(&self, now: Millis) -> Result<(), Millis> {
        if now < self.closed_until {
            Err(self.closed_until - now)
        } else {
            Ok(())
        }
    }
}
