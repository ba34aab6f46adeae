use core::time::Duration;

/// A ceiling on the rate of syncs: the generic cell rate algorithm (GCRA) without a burst allowance.
///
/// Each sync reserves one interval of time; a request may leave once all reserved time has passed, and then reserves
/// as many intervals as it carries syncs. In any window of time leave at most as many as the rate allows, and one
/// request on top. A `$batch` of 20 goes out as one and is followed by 20 intervals of silence: at 9.5 a second, any
/// 20 s see ten full batches at most, which is the documented quota of 200.
#[derive(Debug)]
pub(crate) struct Ceiling {
    interval_nanos: u64,
    free_at: Duration,
}

impl Ceiling {
    /// A ceiling in syncs per 1,000 seconds, 1 to 1,000,000,000.
    pub(crate) fn new(per_thousand_seconds: u64) -> Self {
        const THOUSAND_SECONDS: u64 = 1_000_000_000_000;
        Self {
            interval_nanos: THOUSAND_SECONDS.div_ceil(per_thousand_seconds.max(1)),
            free_at: Duration::ZERO,
        }
    }

    /// When the next request may leave.
    pub(crate) fn free_at(&self) -> Duration {
        self.free_at
    }

    /// A request with so many syncs leaves now.
    pub(crate) fn take(&mut self, now: Duration, syncs: u32) {
        self.free_at = self.free_at.max(now) + self.time_for(syncs);
    }

    /// The time that so many syncs reserve.
    pub(crate) fn time_for(&self, syncs: u32) -> Duration {
        Duration::from_nanos(self.interval_nanos) * syncs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(20);

    proptest! {
        /// Whatever is asked for, whenever: no window of 20 s sees more than the rate allows, one request on top.
        #[test]
        fn no_window_exceeds_the_rate(
            rate in 100_u64..100_000,
            requests in prop::collection::vec((0_u64..5_000, 1_u32..=20), 1..300),
        ) {
            let mut ceiling = Ceiling::new(rate);
            let mut now = Duration::ZERO;
            let mut sent: Vec<(Duration, u32)> = Vec::new();
            for (pause, syncs) in requests {
                now = (now + Duration::from_millis(pause)).max(ceiling.free_at());
                ceiling.take(now, syncs);
                sent.push((now, syncs));
            }
            for (from, (start, _)) in sent.iter().enumerate() {
                let inside = sent[from..].iter().take_while(|(at, _)| *at < *start + WINDOW);
                let counts: Vec<u64> = inside.map(|(_, syncs)| u64::from(*syncs)).collect();
                let all_but_the_last: u64 = counts[..counts.len() - 1].iter().sum();
                prop_assert!(all_but_the_last * 1000 <= rate * 20 + 1000, "{counts:?}");
            }
        }
    }

    #[test]
    fn batches_of_twenty_at_the_default_keep_to_the_documented_quota() {
        let mut ceiling = Ceiling::new(9_500);
        let mut sent = Vec::new();
        while ceiling.free_at() < Duration::from_mins(3) {
            sent.push(ceiling.free_at());
            ceiling.take(ceiling.free_at(), 20);
        }
        for start in &sent {
            let batches = sent
                .iter()
                .filter(|at| (*start..*start + WINDOW).contains(*at))
                .count();
            assert!(batches <= 10, "{batches} batches in 20 s");
        }
    }
}
