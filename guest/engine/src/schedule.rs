use core::{cmp::Reverse, time::Duration};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use crate::contract::{Batch, Pace};

/// A device's place in the order of the run, from 0.
pub(crate) type Place = u32;

/// Which devices come next: batches of `batch-size`, and what has to be sent again.
///
/// At any time a device is in exactly one place: ahead of the cursor, among what is urgent or waiting, in flight
/// (which only the run knows), or done.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    total: u32,
    batch_size: u32,
    batch_delay: Duration,
    pace: Pace,
    /// The first device that was never sent.
    cursor: Place,
    /// To be sent before all else: throttled, or refused with an old token.
    urgent: VecDeque<Place>,
    /// To be sent again at a time; the number keeps the order of equal times.
    waiting: BinaryHeap<Reverse<(Duration, u64, Place)>>,
    waits: u64,
    /// To be sent alone, in a request of its own.
    alone: BTreeSet<Place>,
    /// Started batches, by number from 0, with the count of devices that are not done.
    started: BTreeMap<u32, u32>,
    /// When the next batch may start, under `fixed` pace.
    next_batch_at: Duration,
}

/// What to send now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// At least one.
    pub(crate) places: Vec<Place>,
    /// In a request of its own.
    pub(crate) alone: bool,
    /// Batches that begin with this.
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
            alone: BTreeSet::new(),
            started: BTreeMap::new(),
            next_batch_at: Duration::ZERO,
        }
    }

    /// Devices of the run.
    pub(crate) fn total(&self) -> u32 {
        self.total
    }

    /// Batches of the run.
    pub(crate) fn batches(&self) -> u32 {
        self.total.div_ceil(self.batch_size)
    }

    /// When there is something to send, as far as it is known now; none when that depends on answers.
    pub(crate) fn ready_at(&self) -> Option<Duration> {
        if !self.urgent.is_empty() {
            return Some(Duration::ZERO);
        }
        let waiting = self.waiting.peek().map(|Reverse((at, ..))| *at);
        [waiting, self.fresh_at()].into_iter().flatten().min()
    }

    /// Takes at most `most` devices that are ready. They are in flight until they are handed back or done.
    pub(crate) fn take(&mut self, now: Duration, most: usize) -> Option<Work> {
        let mut work = Work {
            places: Vec::new(),
            alone: false,
            begins: Vec::new(),
        };
        while work.places.len() < most {
            let due = self
                .waiting
                .peek()
                .is_some_and(|Reverse((at, ..))| *at <= now);
            let again = match self.urgent.front() {
                Some(place) => Some(*place),
                None if due => self.waiting.peek().map(|Reverse((.., place))| *place),
                None => None,
            };
            if let Some(place) = again {
                let alone = self.alone.contains(&place);
                if alone && !work.places.is_empty() {
                    break;
                }
                if self.urgent.pop_front().is_none() {
                    self.waiting.pop();
                }
                work.places.push(place);
                work.alone = alone;
                if alone {
                    break;
                }
            } else if self.fresh_at().is_some_and(|at| at <= now) {
                work.begins.extend(self.begin());
                work.places.push(self.cursor);
                self.cursor += 1;
            } else {
                break;
            }
        }
        (!work.places.is_empty()).then_some(work)
    }

    /// Hands devices back to be sent before all else, in this order.
    pub(crate) fn urgent(&mut self, places: &[Place]) {
        for place in places.iter().rev() {
            self.urgent.push_front(*place);
        }
    }

    /// Hands a device back to be sent again at this time.
    pub(crate) fn again_at(&mut self, place: Place, at: Duration) {
        self.waits += 1;
        self.waiting.push(Reverse((at, self.waits, place)));
    }

    /// From now on the device goes in a request of its own.
    pub(crate) fn isolate(&mut self, place: Place) {
        self.alone.insert(place);
    }

    /// A device has its final outcome. Answers the batch that ends with it.
    pub(crate) fn done(&mut self, place: Place, now: Duration) -> Option<Batch> {
        self.alone.remove(&place);
        let batch = place / self.batch_size;
        let left = self.started.get_mut(&batch)?;
        *left -= 1;
        if *left > 0 {
            return None;
        }
        self.started.remove(&batch);
        self.next_batch_at = now + self.batch_delay;
        Some(self.batch(batch))
    }

    /// When the next device that was never sent may go.
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

    /// Notes that the device at the cursor leaves. Answers the batch that begins with it.
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

    fn places(work: Option<Work>) -> Vec<Place> {
        work.map(|work| work.places).unwrap_or_default()
    }

    #[test]
    fn fixed_pace_waits_for_the_batch_and_the_delay() {
        let mut schedule = Schedule::new(5, 2, 10 * SECOND, Pace::Fixed);
        let work = schedule.take(SECOND, 20).expect("work");
        assert_eq!(work.places, [0, 1]);
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
        assert_eq!(schedule.done(1, 3 * SECOND), None);
        let finished = schedule.done(0, 4 * SECOND).expect("finished");
        assert_eq!((finished.number, finished.first, finished.last), (1, 1, 2));
        assert_eq!(schedule.ready_at(), Some(14 * SECOND));
        assert_eq!(schedule.take(13 * SECOND, 20), None);
        assert_eq!(places(schedule.take(14 * SECOND, 20)), [2, 3]);
        schedule.done(2, 14 * SECOND);
        schedule.done(3, 14 * SECOND);
        assert_eq!(places(schedule.take(24 * SECOND, 20)), [4]);
        assert_eq!(
            schedule.done(4, 25 * SECOND).map(|batch| batch.last),
            Some(5)
        );
        assert_eq!(schedule.ready_at(), None, "no delay after the last");
    }

    #[test]
    fn quota_pace_flows_over_batches() {
        let mut schedule = Schedule::new(5, 2, 10 * SECOND, Pace::Quota);
        let work = schedule.take(SECOND, 3).expect("work");
        assert_eq!((work.places.len(), work.begins.len()), (3, 2));
        assert_eq!(places(schedule.take(SECOND, 3)), [3, 4]);
    }

    #[test]
    fn what_comes_again_goes_first_and_alone_where_asked() {
        let mut schedule = Schedule::new(9, 9, SECOND, Pace::Fixed);
        assert_eq!(places(schedule.take(SECOND, 6)), [0, 1, 2, 3, 4, 5]);
        schedule.isolate(1);
        schedule.again_at(4, 2 * SECOND);
        schedule.again_at(1, 2 * SECOND);
        schedule.again_at(5, 9 * SECOND);
        schedule.urgent(&[2, 3]);
        assert_eq!(places(schedule.take(2 * SECOND, 6)), [2, 3, 4]);
        let alone = schedule.take(2 * SECOND, 6).expect("work");
        assert_eq!((alone.places, alone.alone), (vec![1], true));
        assert_eq!(places(schedule.take(2 * SECOND, 6)), [6, 7, 8]);
        assert_eq!(schedule.ready_at(), Some(9 * SECOND));
        assert_eq!(places(schedule.take(9 * SECOND, 6)), [5]);
    }

    proptest! {
        /// Whatever is taken, handed back and finished, in whatever order: each device is done exactly once, and
        /// each batch is finished exactly once.
        #[test]
        fn no_device_is_lost_or_doubled(
            total in 0_u32..200,
            batch_size in 1_u32..60,
            quota: bool,
            choices in prop::collection::vec((0_u8..5, 1_usize..25), 1..400),
        ) {
            let pace = if quota { Pace::Quota } else { Pace::Fixed };
            let mut schedule = Schedule::new(total, batch_size, SECOND, pace);
            let (mut now, mut done, mut batches) = (Duration::ZERO, vec![0; total as usize], 0);
            let mut choices = choices.into_iter();
            loop {
                // Once the choices are used up everything succeeds.
                let (choice, most) = choices.next().unwrap_or((0, 20));
                let Some(work) = schedule.take(now, most) else {
                    match schedule.ready_at() {
                        Some(at) => { now = now.max(at); continue; }
                        None => break,
                    }
                };
                for place in work.places {
                    match choice {
                        1 => schedule.urgent(&[place]),
                        2 => schedule.again_at(place, now + SECOND),
                        3 => { schedule.isolate(place); schedule.urgent(&[place]); }
                        _ => {
                            done[place as usize] += 1;
                            batches += u32::from(schedule.done(place, now).is_some());
                        }
                    }
                }
            }
            prop_assert!(done.iter().all(|count| *count == 1), "{done:?}");
            prop_assert_eq!(batches, schedule.batches());
        }
    }
}
