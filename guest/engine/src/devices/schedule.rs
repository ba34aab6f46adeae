//! The schedule: which devices are sent next, in batches of `batch-size` and with repeats first.

use core::{cmp::Reverse, time::Duration};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use super::Position;
use crate::contract::{Batch, Pace};

/// Which devices come next.
///
/// At any time a device is in exactly one of these states: ahead of the cursor, urgent, waiting, last, in flight or
/// held back (which only the run knows), or done.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    total: u32,
    batch_size: u32,
    batch_delay: Duration,
    pace: Pace,
    /// The position of the first device that was never sent.
    cursor: u32,
    /// To be sent before all others: throttled, or refused with an old token.
    urgent: VecDeque<Position>,
    /// To be sent again at a time. The number keeps the order of those with the same time.
    waiting: BinaryHeap<Reverse<(Duration, u64, Position)>>,
    waits: u64,
    /// To be sent when there is nothing else to send now.
    last: VecDeque<Position>,
    /// To be sent in a separate request each.
    alone: BTreeSet<Position>,
    /// Started batches by number, from 0, with the number of devices that are not done.
    started: BTreeMap<u32, u32>,
    /// When the next batch may start, under `fixed` pace.
    next_batch_at: Duration,
}

/// The devices to send in one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// At least one.
    pub(crate) positions: Vec<Position>,
    /// The one device is to be sent in a separate request.
    pub(crate) alone: bool,
    /// Batches that begin with these.
    pub(crate) begins: Vec<Batch>,
}

impl Schedule {
    pub(crate) fn new(total: u32, batch_size: u32, batch_delay: Duration, pace: Pace) -> Self {
        Self {
            total,
            batch_size: batch_size.max(1),
            batch_delay,
            pace,
            cursor: 0,
            urgent: VecDeque::new(),
            waiting: BinaryHeap::new(),
            waits: 0,
            last: VecDeque::new(),
            alone: BTreeSet::new(),
            started: BTreeMap::new(),
            next_batch_at: Duration::ZERO,
        }
    }

    /// The number of devices.
    pub(crate) fn total(&self) -> u32 {
        self.total
    }

    /// The number of batches.
    pub(crate) fn batches(&self) -> u32 {
        self.total.div_ceil(self.batch_size)
    }

    /// When there is something to send, as far as is known; `None` if that depends on responses.
    pub(crate) fn ready_at(&self) -> Option<Duration> {
        if !self.urgent.is_empty() || !self.last.is_empty() {
            return Some(Duration::ZERO);
        }
        let waiting = self.waiting.peek().map(|Reverse((at, ..))| *at);
        [waiting, self.fresh_at()].into_iter().flatten().min()
    }

    /// Takes at most `most` devices that are ready. They are in flight until they are returned or done.
    pub(crate) fn take(&mut self, now: Duration, most: usize) -> Option<Work> {
        let mut work = Work {
            positions: Vec::new(),
            alone: false,
            begins: Vec::new(),
        };
        while work.positions.len() < most {
            let due = self
                .waiting
                .peek()
                .is_some_and(|Reverse((at, ..))| *at <= now);
            let fresh = self.fresh_at().is_some_and(|at| at <= now);
            if !due && !fresh && self.urgent.is_empty() {
                self.urgent.append(&mut self.last);
            }
            let again = match self.urgent.front() {
                Some(position) => Some(*position),
                None if due => self.waiting.peek().map(|Reverse((.., position))| *position),
                None => None,
            };
            if let Some(position) = again {
                let alone = self.alone.contains(&position);
                if alone && !work.positions.is_empty() {
                    break;
                }
                if self.urgent.pop_front().is_none() {
                    self.waiting.pop();
                }
                work.positions.push(position);
                work.alone = alone;
                if alone {
                    break;
                }
            } else if fresh {
                work.begins.extend(self.begin());
                work.positions.push(Position(self.cursor));
                self.cursor += 1;
            } else {
                break;
            }
        }
        (!work.positions.is_empty()).then_some(work)
    }

    /// Returns devices, to be sent before all others and in this order.
    pub(crate) fn urgent(&mut self, positions: &[Position]) {
        for position in positions.iter().rev() {
            self.urgent.push_front(*position);
        }
    }

    /// Returns devices, to be sent after all others that could be sent now.
    pub(crate) fn last(&mut self, positions: &[Position]) {
        self.last.extend(positions);
    }

    /// Returns a device, to be sent again at this time.
    pub(crate) fn again_at(&mut self, position: Position, at: Duration) {
        self.waits += 1;
        self.waiting.push(Reverse((at, self.waits, position)));
    }

    /// From now on the device is sent in a separate request.
    pub(crate) fn isolate(&mut self, position: Position) {
        self.alone.insert(position);
    }

    /// A device has its final outcome. Returns the batch this completes, if any.
    pub(crate) fn done(&mut self, position: Position, now: Duration) -> Option<Batch> {
        self.alone.remove(&position);
        let batch = position.0 / self.batch_size;
        let left = self.started.get_mut(&batch)?;
        *left -= 1;
        if *left > 0 {
            return None;
        }
        self.started.remove(&batch);
        self.next_batch_at = now + self.batch_delay;
        Some(self.batch(batch))
    }

    /// When the next device that was never sent may leave.
    fn fresh_at(&self) -> Option<Duration> {
        if self.cursor >= self.total {
            return None;
        }
        match self.pace {
            Pace::Quota => Some(Duration::ZERO),
            Pace::Fixed if self.started.contains_key(&(self.cursor / self.batch_size)) => {
                Some(Duration::ZERO)
            }
            Pace::Fixed => self.started.is_empty().then_some(self.next_batch_at),
        }
    }

    /// Records that the device at the cursor leaves. Returns the batch that begins with it, if any.
    fn begin(&mut self) -> Option<Batch> {
        let number = self.cursor / self.batch_size;
        if !self.cursor.is_multiple_of(self.batch_size) {
            return None;
        }
        let batch = self.batch(number);
        self.started.insert(number, batch.last - batch.first + 1);
        Some(batch)
    }

    fn batch(&self, number: u32) -> Batch {
        let first = number * self.batch_size;
        let last = first.saturating_add(self.batch_size).min(self.total);
        Batch {
            number: number + 1,
            of: self.batches(),
            first: first + 1,
            last,
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn positions(work: Option<Work>) -> Vec<u32> {
        let positions = work.map(|work| work.positions).unwrap_or_default();
        positions.into_iter().map(|Position(at)| at).collect()
    }

    #[test]
    fn fixed_pace_waits_for_the_batch_and_the_delay() {
        let mut schedule = Schedule::new(5, 2, 10 * SECOND, Pace::Fixed);
        let work = schedule.take(SECOND, 20).expect("work");
        assert_eq!(work.positions, [0, 1].map(Position));
        assert_eq!(
            work.begins,
            [Batch {
                number: 1,
                of: 3,
                first: 1,
                last: 2,
                total: 5
            }]
        );
        assert_eq!(
            (schedule.ready_at(), schedule.take(SECOND, 20)),
            (None, None)
        );
        assert_eq!(schedule.done(Position(1), 3 * SECOND), None);
        let finished = schedule.done(Position(0), 4 * SECOND).expect("finished");
        assert_eq!((finished.number, finished.first, finished.last), (1, 1, 2));
        assert_eq!(schedule.ready_at(), Some(14 * SECOND));
        assert_eq!(schedule.take(13 * SECOND, 20), None);
        assert_eq!(positions(schedule.take(14 * SECOND, 20)), [2, 3]);
        schedule.done(Position(2), 14 * SECOND);
        schedule.done(Position(3), 14 * SECOND);
        assert_eq!(positions(schedule.take(24 * SECOND, 20)), [4]);
        assert_eq!(
            schedule
                .done(Position(4), 25 * SECOND)
                .map(|batch| batch.last),
            Some(5)
        );
        assert_eq!(schedule.ready_at(), None, "no delay after the last");
    }

    #[test]
    fn quota_pace_flows_over_batches() {
        let mut schedule = Schedule::new(5, 2, 10 * SECOND, Pace::Quota);
        let work = schedule.take(SECOND, 3).expect("work");
        assert_eq!((work.positions.len(), work.begins.len()), (3, 2));
        assert_eq!(positions(schedule.take(SECOND, 3)), [3, 4]);
    }

    #[test]
    fn repeats_leave_first_and_isolated_ones_alone() {
        let mut schedule = Schedule::new(9, 9, SECOND, Pace::Fixed);
        assert_eq!(positions(schedule.take(SECOND, 6)), [0, 1, 2, 3, 4, 5]);
        schedule.isolate(Position(1));
        schedule.again_at(Position(4), 2 * SECOND);
        schedule.again_at(Position(1), 2 * SECOND);
        schedule.again_at(Position(5), 9 * SECOND);
        schedule.urgent(&[2, 3].map(Position));
        assert_eq!(positions(schedule.take(2 * SECOND, 6)), [2, 3, 4]);
        let alone = schedule.take(2 * SECOND, 6).expect("work");
        assert_eq!((alone.positions, alone.alone), (vec![Position(1)], true));
        assert_eq!(positions(schedule.take(2 * SECOND, 6)), [6, 7, 8]);
        assert_eq!(schedule.ready_at(), Some(9 * SECOND));
        assert_eq!(positions(schedule.take(9 * SECOND, 6)), [5]);
    }

    #[test]
    fn the_last_leave_when_nothing_else_can() {
        let mut schedule = Schedule::new(4, 2, SECOND, Pace::Fixed);
        assert_eq!(positions(schedule.take(SECOND, 1)), [0]);
        schedule.last(&[Position(0)]);
        assert_eq!(positions(schedule.take(SECOND, 1)), [1], "before it");
        assert_eq!(schedule.ready_at(), Some(Duration::ZERO));
        assert_eq!(
            positions(schedule.take(SECOND, 9)),
            [0],
            "the next batch waits for it"
        );
        schedule.done(Position(0), SECOND);
        schedule.done(Position(1), SECOND);
        assert_eq!(positions(schedule.take(2 * SECOND, 9)), [2, 3]);
    }

    proptest! {
        /// Each device is done exactly once and each batch is finished exactly once, in whatever order devices are
        /// taken, returned and finished.
        #[test]
        fn no_device_is_lost_or_doubled(
            total in 0_u32..200,
            batch_size in 1_u32..60,
            quota: bool,
            choices in prop::collection::vec((0_u8..6, 1_usize..25), 1..400),
        ) {
            let pace = if quota { Pace::Quota } else { Pace::Fixed };
            let mut schedule = Schedule::new(total, batch_size, SECOND, pace);
            let (mut now, mut done, mut batches) = (Duration::ZERO, vec![0; total as usize], 0);
            let mut choices = choices.into_iter();
            loop {
                // Once the choices are used up, everything succeeds.
                let (choice, most) = choices.next().unwrap_or((0, 20));
                let Some(work) = schedule.take(now, most) else {
                    match schedule.ready_at() {
                        Some(at) => { now = now.max(at); continue; }
                        None => break,
                    }
                };
                for position in work.positions {
                    match choice {
                        1 => schedule.urgent(&[position]),
                        2 => schedule.again_at(position, now + SECOND),
                        4 => schedule.last(&[position]),
                        3 => { schedule.isolate(position); schedule.urgent(&[position]); }
                        _ => {
                            done[position.0 as usize] += 1;
                            batches += u32::from(schedule.done(position, now).is_some());
                        }
                    }
                }
            }
            prop_assert!(done.iter().all(|count| *count == 1), "{done:?}");
            prop_assert_eq!(batches, schedule.batches());
        }
    }
}
