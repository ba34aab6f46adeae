//! Accepted syncs over time: counts of intervals of the same length.

use intune_sync_history::Wait;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The lengths that people count in.
const STEPS: [i64; 21] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    20 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    28 * DAY,
];

/// Counts over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    /// When the first interval begins, in milliseconds since 1970: a multiple of the step.
    pub(crate) start: i64,
    /// How long each is, in milliseconds.
    pub(crate) step: i64,
    /// What each counts.
    pub(crate) counts: Vec<u64>,
}

impl Series {
    /// The series of these moments, in at most `most` intervals. `None` of none.
    pub(crate) fn of(moments: &[i64], most: i64) -> Option<Self> {
        let (first, last) = (*moments.iter().min()?, *moments.iter().max()?);
        let step = step(last - first, most - 1);
        let start = first.div_euclid(step) * step;
        let at = |moment: i64| usize::try_from((moment - start) / step).unwrap_or(0);
        let mut counts = vec![0; at(last) + 1];
        for moment in moments {
            counts[at(*moment)] += 1;
        }
        Some(Self {
            start,
            step,
            counts,
        })
    }

    /// When the last interval ends.
    pub(crate) fn end(&self) -> i64 {
        let length = i64::try_from(self.counts.len()).unwrap_or(i64::MAX);
        self.start + length.saturating_mul(self.step)
    }

    /// The intervals: when each begins, and its count.
    pub(crate) fn intervals(&self) -> impl Iterator<Item = (i64, u64)> {
        (0..)
            .zip(&self.counts)
            .map(|(at, count): (i64, _)| (self.start + at * self.step, *count))
    }

    /// The largest count.
    pub(crate) fn highest(&self) -> u64 {
        self.counts.iter().copied().max().unwrap_or(0)
    }
}

/// The shortest step that makes at most `most` of a length; of years it is weeks, whatever `most` is.
pub(crate) fn step(length: i64, most: i64) -> i64 {
    let fits = |step: &i64| length / step < most;
    let longest = STEPS[STEPS.len() - 1];
    STEPS.into_iter().find(fits).unwrap_or_else(|| {
        let times = length / longest / most.max(1) + 1;
        times * longest
    })
}

/// The waits as times in which nothing was sent, in order and none within another: from when until when.
pub(crate) fn merged(mut waits: Vec<Wait>) -> Vec<(i64, i64)> {
    waits.sort_by_key(|wait| wait.at);
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for Wait { at, ms } in waits {
        let until = at.saturating_add(ms);
        match merged.last_mut() {
            Some((_, end)) if at <= *end => *end = until.max(*end),
            _ => merged.push((at, until)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_is_in_one_interval() {
        let moments: Vec<i64> = (0..1_000)
            .map(|at| 1_795_000_000_123 + at * 1_700)
            .collect();
        for most in [2, 10, 30, 60] {
            let series = Series::of(&moments, most).expect("there are some");
            assert_eq!(series.counts.iter().sum::<u64>(), 1_000);
            assert!(
                series.counts.len() <= usize::try_from(most).expect("few"),
                "{most}"
            );
            assert!(series.start <= moments[0] && moments[999] < series.end());
            assert_eq!(series.start % series.step, 0);
        }
        assert_eq!(Series::of(&[], 60), None);
        let one = Series::of(&[5_500], 60).expect("there is one");
        assert_eq!((one.start, one.step, one.counts), (5_000, 1_000, vec![1]));
    }

    #[test]
    fn years_are_few_intervals_too() {
        let series = Series::of(&[0, 400 * 366 * DAY], 60).expect("there are some");
        assert!(series.counts.len() <= 60, "{}", series.counts.len());
    }

    #[test]
    fn waits_that_overlap_are_one() {
        let wait = |at, ms| Wait { at, ms };
        let waits = vec![
            wait(50, 10),
            wait(0, 20),
            wait(10, 15),
            wait(25, 1),
            wait(5, 1),
        ];
        assert_eq!(merged(waits), [(0, 26), (50, 60)]);
    }
}
