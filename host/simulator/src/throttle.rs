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

/// A wait that an answer has named, and that ends later than all that were named before.
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
        // One that ends no later than one that was told before says nothing new.
        if self.told.last().is_none_or(|last| last.until < until) {
            self.told.push(Told { sent: now, until });
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::{Dice, Matter};

    #[test]
    fn of_all_waits_that_were_told_the_longest_counts() {
        for seed in 0..50 {
            let dice = Dice::new(seed);
            let mut throttle = Throttle::new(&Config::default());
            let grace = Millis::from(RetryAfterConfig::default().grace_ms);
            let (mut now, mut told, mut early) = (0, Vec::new(), 0);
            for turn in 0..500 {
                now += dice.below(8, Matter::Latency, turn);
                if dice.below(3, Matter::Order, turn) == 0 {
                    let wait = dice.below(30, Matter::Variant, turn);
                    throttle.sent(now, Hold::For(wait));
                    told.push((now, now + wait));
                }
                let known = told.iter().filter(|(sent, _)| sent + grace < now);
                let longest = known.map(|(_, until)| *until).max().unwrap_or_default();
                let margin = (longest > now).then(|| longest - now);
                assert_eq!(throttle.arrive(now), margin, "seed {seed}");
                early += u32::from(margin.is_some());
            }
            assert!((50..450).contains(&early), "{early}");
        }
    }
}
