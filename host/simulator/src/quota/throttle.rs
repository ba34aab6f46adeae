//! Whether a request is admitted now: the two quotas, and the waits that callers were asked for.

use crate::{
    clock::Millis,
    config::{Config, RetryAfterConfig},
    quota::{limiter::Limiter, retry_after::Wait},
};

/// The quotas of the calling app, and the waits that are not over.
pub(crate) struct Throttle {
    config: RetryAfterConfig,
    writes: Limiter,
    requests: Limiter,
    waits: Vec<Requested>,
    blocked_until: Millis,
}

/// A wait that a response asked for, and that ends later than all earlier ones.
struct Requested {
    sent: Millis,
    until: Millis,
}

impl Throttle {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            config: config.retry_after.clone(),
            writes: Limiter::new(&config.quota),
            requests: Limiter::new(&config.requests),
            waits: Vec::new(),
            blocked_until: 0,
        }
    }

    /// A request arrives. Returns by how much it is early, if it is.
    pub(crate) fn arrive(&mut self, arrived: Millis) -> Option<Millis> {
        self.waits.retain(|wait| wait.until > arrived);
        let crossed = Millis::from(self.config.grace_ms);
        let waits = self
            .waits
            .iter()
            .filter(|wait| wait.sent + crossed < arrived);
        let until = waits.map(|wait| wait.until).max()?;
        let penalty = Millis::from(self.config.early_penalty_ms);
        if penalty > 0 {
            self.blocked_until = self.blocked_until.max(until) + penalty;
        }
        Some(until - arrived)
    }

    /// A response that asks for a wait was sent.
    pub(crate) fn sent(&mut self, now: Millis, wait: Wait) {
        let until = match wait {
            Wait::For(wait) => now + wait,
            Wait::Until(instant) => instant,
        };
        // One that ends no later than an earlier one changes nothing.
        if self.waits.last().is_none_or(|last| last.until < until) {
            self.waits.push(Requested { sent: now, until });
        }
    }

    /// Charges the quota for requests of any kind.
    ///
    /// # Errors
    ///
    /// The time to wait, if they are throttled.
    pub(crate) fn request(&mut self, now: Millis, cost: u32) -> Result<(), Millis> {
        self.check_block(now)?;
        self.requests.take(now, cost)
    }

    /// Charges the quota for writes.
    ///
    /// # Errors
    ///
    /// The time to wait, if they are throttled.
    pub(crate) fn write(&mut self, now: Millis, cost: u32) -> Result<(), Millis> {
        self.check_block(now)?;
        self.writes.take(now, cost)
    }

    /// Early callers are blocked for longer than they were asked to wait.
    fn check_block(&self, now: Millis) -> Result<(), Millis> {
        match self.blocked_until.checked_sub(now) {
            Some(wait) if wait > 0 => Err(wait),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::{Dice, Draw};

    #[test]
    fn of_all_requested_waits_the_longest_counts() {
        for seed in 0..50 {
            let dice = Dice::new(seed);
            let mut throttle = Throttle::new(&Config::default());
            let grace = Millis::from(RetryAfterConfig::default().grace_ms);
            let (mut now, mut requested, mut early) = (0, Vec::new(), 0);
            for turn in 0..500 {
                now += dice.below(8, Draw::Latency, turn);
                if dice.below(3, Draw::Order, turn) == 0 {
                    let wait = dice.below(30, Draw::Variant, turn);
                    throttle.sent(now, Wait::For(wait));
                    requested.push((now, now + wait));
                }
                let known = requested.iter().filter(|(sent, _)| sent + grace < now);
                let longest = known.map(|(_, until)| *until).max().unwrap_or_default();
                let margin = (longest > now).then(|| longest - now);
                assert_eq!(throttle.arrive(now), margin, "seed {seed}");
                early += u32::from(margin.is_some());
            }
            assert!((50..450).contains(&early), "{early}");
        }
    }
}
