//! A count over the time that has just passed.

use core::time::Duration;
use std::collections::VecDeque;

/// Counts within this time share an entry, so that a log of 20 s has a thousand entries at most, whatever the rate.
const GRAIN: Duration = Duration::from_millis(20);

/// A sliding log of counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Trailing {
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
    /// Adds `count` at `now`. `now` is monotonic.
    pub(super) fn add(&mut self, now: Duration, count: u32) {
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

    /// Drops counts at `until` or before.
    pub(super) fn forget(&mut self, until: Duration) {
        while let Some(entry) = self.entries.front().filter(|entry| entry.last <= until) {
            self.sum -= entry.count;
            self.entries.pop_front();
        }
    }

    /// The sum of all counts that are kept.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    /// The sum of the counts after `since`.
    pub(super) fn after(&self, since: Duration) -> u64 {
        let late = self.entries.iter().rev();
        late.take_while(|entry| entry.last > since)
            .map(|entry| entry.count)
            .sum()
    }

    /// When the sum will be down to `most`, if entries are dropped once they are `span` old.
    pub(super) fn down_to(&self, most: u64, span: Duration) -> Duration {
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
