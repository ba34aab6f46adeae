//! Spaces requests evenly, and counts them in a sliding window.

use core::time::Duration;

use super::Trailing;

/// Spaces requests so that syncs leave evenly, and counts them so that no window sees more than is allowed.
///
/// Two rules hold together. *Spacing* is the generic cell rate algorithm (GCRA) without a burst allowance: a request
/// with n syncs is followed by n intervals of silence. Spacing alone lets a window see the rate's worth plus one
/// request, which with a `$batch` of 20 is a tenth too much. So requests are also *counted*: in any [`SPAN`], at most
/// the allowance leaves. Below the ceiling, spacing is a sixteenth closer than the allowance requires and the count
/// decides, which makes up for the time that a pause has cost.
#[derive(Debug, Clone)]
pub(super) struct Pacer {
    /// The interval at the ceiling: syncs are never closer, whatever the allowance.
    least_interval: Duration,
    interval: Duration,
    allowance: u64,
    /// The time in which the allowance may leave, below the ceiling.
    span: Duration,
    free_at: Duration,
    sent: Trailing,
}

/// The window of the documented quota (docs/graph-facts.md#quotas).
pub(super) const WINDOW: Duration = Duration::from_secs(20);

/// The time in which the allowance may leave: the documented window of 20 s, and 2.6 % more. So 97.5 % of a quota is
/// used, and a request may take half a second longer or shorter to reach Graph than the one before without any of
/// Graph's windows seeing more than the allowance.
pub(super) const SPAN: Duration = Duration::from_millis(20_520);

/// The allowance for this rate, in syncs per 1,000 seconds.
pub(super) fn allowance(rate: u64) -> u64 {
    whole(u128::from(rate) * SPAN.as_millis() / 1_000_000)
}

/// The least rate, in syncs per 1,000 seconds, with this allowance.
pub(super) fn rate(allowance: u64) -> u64 {
    whole((u128::from(allowance) * 1_000_000).div_ceil(SPAN.as_millis()))
}

fn whole(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Pacer {
    /// A pacer with this ceiling, in syncs per 1,000 seconds, 1 to 1,000,000,000.
    pub(super) fn new(ceiling: u64) -> Self {
        const THOUSAND_SECONDS: u64 = 1_000_000_000_000;
        let least_interval = Duration::from_nanos(THOUSAND_SECONDS.div_ceil(ceiling.max(1)));
        let mut pacer = Self {
            least_interval,
            interval: least_interval,
            allowance: 1,
            span: SPAN,
            free_at: Duration::ZERO,
            sent: Trailing::default(),
        };
        pacer.allow(u64::MAX);
        pacer
    }

    /// Sets the allowance, the syncs that may leave in a [`span`](Self::span); the ceiling bounds it.
    pub(super) fn allow(&mut self, allowance: u64) {
        self.allowance = allowance.min(self.ceiling()).max(1);
        let nanos = u64::try_from(self.span().as_nanos()).unwrap_or(u64::MAX);
        self.interval = Duration::from_nanos((nanos - nanos / 16).div_ceil(self.allowance))
            .max(self.least_interval);
    }

    /// No request takes longer to arrive than this: its response has come by then. Below the ceiling, that much more
    /// than a window is enough for the allowance.
    pub(super) fn arrive_within(&mut self, longest: Duration) {
        self.span = (WINDOW + longest).min(SPAN);
        self.allow(self.allowance);
    }

    /// The time in which the allowance may leave.
    pub(super) fn span(&self) -> Duration {
        if self.allowance < self.ceiling() {
            self.span
        } else {
            SPAN
        }
    }

    /// The most that may ever leave in a [`SPAN`].
    pub(super) fn ceiling(&self) -> u64 {
        let syncs = SPAN.as_nanos() / self.least_interval.as_nanos();
        u64::try_from(syncs).unwrap_or(u64::MAX).max(1)
    }

    /// The syncs that may leave in a [`SPAN`].
    pub(super) fn allowance(&self) -> u64 {
        self.allowance
    }

    /// When a request with this many syncs may leave.
    pub(super) fn free_at(&self, syncs: u64) -> Duration {
        let others = self.allowance.saturating_sub(syncs);
        self.free_at.max(self.sent.down_to(others, self.span()))
    }

    /// When the syncs of the last [`span`](Self::span) will be down to `most`.
    pub(super) fn down_to(&self, most: u64) -> Duration {
        self.sent.down_to(most, self.span())
    }

    /// The syncs of the last [`span`](Self::span), as of the last call of [`room`](Self::room).
    pub(super) fn sent(&self) -> u64 {
        self.sent.sum()
    }

    /// How many syncs the count leaves room for now, at least 1.
    pub(super) fn room(&mut self, now: Duration) -> u64 {
        if let Some(until) = now.checked_sub(self.span()) {
            self.sent.forget(until);
        }
        self.allowance.saturating_sub(self.sent.sum()).max(1)
    }

    /// A request with this many syncs leaves now.
    pub(super) fn take(&mut self, now: Duration, syncs: u32) {
        self.free_at = self.free_at.max(now) + self.interval * syncs;
        self.sent.add(now, syncs);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_allowance_survives_as_a_rate() {
        for kept in (1..3_000).chain([1_000_000]) {
            assert_eq!(allowance(rate(kept)), kept);
        }
    }

    proptest! {
        /// No window sees more than the allowance, whenever requests leave and whatever their size.
        #[test]
        fn no_window_exceeds_the_allowance(
            rate in 1_000_u64..100_000,
            allowance in 1_u64..3_000,
            requests in prop::collection::vec((0_u64..5_000, 1_u64..=100), 1..300),
        ) {
            let mut pacer = Pacer::new(rate);
            pacer.allow(allowance);
            let mut now = Duration::ZERO;
            let mut sent: Vec<(Duration, u64)> = Vec::new();
            for (pause, syncs) in requests {
                let syncs = syncs.min(pacer.allowance());
                now = (now + Duration::from_millis(pause)).max(pacer.free_at(syncs));
                let syncs = syncs.min(pacer.room(now));
                pacer.take(now, u32::try_from(syncs).expect("a hundred at most"));
                sent.push((now, syncs));
            }
            for (from, (start, _)) in sent.iter().enumerate() {
                let inside = sent[from..].iter().take_while(|(at, _)| *at < *start + WINDOW);
                let count: u64 = inside.map(|(_, syncs)| *syncs).sum();
                prop_assert!(count <= pacer.allowance(), "{count} of {}", pacer.allowance());
            }
        }
    }

    #[test]
    fn batches_of_twenty_at_the_default_fill_the_documented_quota_and_no_more() {
        let mut pacer = Pacer::new(9_750);
        let mut sent = Vec::new();
        while pacer.free_at(20) < Duration::from_mins(3) {
            let now = pacer.free_at(20);
            pacer.take(now, 20);
            pacer.room(now);
            sent.push(now);
        }
        let most = sent.iter().map(|start| {
            let inside = sent
                .iter()
                .filter(|at| (*start..*start + WINDOW).contains(at));
            inside.count()
        });
        assert_eq!(most.max(), Some(10));
    }
}
