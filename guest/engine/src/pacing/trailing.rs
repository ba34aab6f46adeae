use core::time::Duration;
use std::collections::VecDeque;

/// What is counted within so little time is kept as one entry, so that a log of 20 s has a thousand entries at most,
/// whatever the rate.
const GRAIN: Duration = Duration::from_millis(20);

/// Counts over the time that has just passed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trailing {
    entries: VecDeque<Entry>,
    sum: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    first: Duration,
    last: Duration,
    count: u64,
}

impl Trailing {
    /// Counts so many now, which never goes back.
    pub(crate) fn add(&mut self, now: Duration, count: u32) {
        let count = u64::from(count);
        self.sum += count;
        match self.entries.back_mut() {
            Some(entry) if now.saturating_sub(entry.first) < GRAIN => {
                entry.last = now;
                entry.count += count;
            }
            _ => self.entries.push_back(Entry {
                first: now,
                last: now,
                count,
            }),
        }
    }

    /// Drops what was counted at `until` or before.
    pub(crate) fn forget(&mut self, until: Duration) {
        while let Some(entry) = self.entries.front().filter(|entry| entry.last <= until) {
            self.sum -= entry.count;
            self.entries.pop_front();
        }
    }

    /// All that is kept.
    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    /// What was counted after `since`.
    pub(crate) fn after(&self, since: Duration) -> u64 {
        let late = self.entries.iter().rev();
        late.take_while(|entry| entry.last > since)
            .map(|entry| entry.count)
            .sum()
    }

    /// When what is left of all that is kept will be `most` or less, if entries leave once they are `span` old.
    pub(crate) fn down_to(&self, most: u64, span: Duration) -> Duration {
        let mut left = self.sum;
        let mut at = Duration::ZERO;
        for entry in &self.entries {
            if left <= most {
                break;
            }
            left -= entry.count;
            at = entry.last + span;
        }
        at
    }
}
