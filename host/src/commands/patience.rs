//! How long the host's own requests are tried again (docs/graph-facts.md#granting-permissions).

use std::time::Duration;

/// The waits between attempts: half a second, doubled each time up to 15 seconds, two minutes in all. A new identity
/// can take that long to reach all of the directory's servers.
#[derive(Debug, Default)]
pub(super) struct Patience {
    waits: u32,
    waited: Duration,
}

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(15);
const IN_ALL: Duration = Duration::from_secs(120);

impl Patience {
    /// How long to wait before the next attempt; `None` when to give up.
    pub(super) fn next(&mut self) -> Option<Duration> {
        let wait = FIRST.saturating_mul(1 << self.waits.min(8)).min(LONGEST);
        if self.waited + wait > IN_ALL {
            return None;
        }
        self.waits += 1;
        self.waited += wait;
        Some(wait)
    }

    /// Whether this is still the first attempt.
    pub(super) fn is_fresh(&self) -> bool {
        self.waits == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let mut patience = Patience::default();
        let waits: Vec<u128> = std::iter::from_fn(|| patience.next())
            .map(|wait| wait.as_millis())
            .collect();
        assert_eq!(waits[..6], [500, 1_000, 2_000, 4_000, 8_000, 15_000]);
        assert_eq!(waits.iter().sum::<u128>(), 105_500);
    }
}
