//! The controller against a limiter that answers at once. What it reaches against whole tenants, with latency and
//! faults, is measured by `make bench`.

use std::collections::VecDeque;

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Counts the calls that it let through in the last 20 s.
struct Sliding {
    limit: u64,
    log: VecDeque<Duration>,
}

impl Sliding {
    fn new(limit: u64) -> Self {
        Self {
            limit,
            log: VecDeque::new(),
        }
    }

    /// Lets one through, or says how long to wait, in whole seconds.
    fn take(&mut self, now: Duration) -> Result<(), Duration> {
        while self.log.front().is_some_and(|at| *at + WINDOW <= now) {
            self.log.pop_front();
        }
        if (self.log.len() as u64) < self.limit {
            self.log.push_back(now);
            return Ok(());
        }
        let wait = *self.log.front().expect("the limit is not 0") + WINDOW - now;
        Err(Duration::from_secs(wait.as_millis().div_ceil(1000) as u64))
    }
}

/// What was let through and what was throttled.
#[derive(Debug, Default, PartialEq, Eq)]
struct GroupCount {
    passed: u64,
    throttled: u64,
}

struct Bench {
    controller: RateController,
    limiter: Sliding,
    now: Duration,
    closed_until: Duration,
    requests: u64,
}

impl Bench {
    fn new(ceiling: u64, limit: u64) -> Self {
        Self {
            controller: RateController::new(ceiling),
            limiter: Sliding::new(limit),
            now: Duration::ZERO,
            closed_until: Duration::ZERO,
            requests: 0,
        }
    }

    /// Sends all it may, in requests of at most `most`.
    fn run(&mut self, windows: u32, most: u32) -> GroupCount {
        let mut tally = GroupCount::default();
        let end = self.now + WINDOW * windows;
        loop {
            let at = self
                .controller
                .free_at(self.now, most)
                .max(self.closed_until);
            self.now = self.now.max(at) + MILLISECOND;
            if self.now >= end {
                return tally;
            }
            let portion = self.controller.portion(self.now, most);
            let id = RequestId(self.requests);
            self.requests += 1;
            self.controller.sent(self.now, id, portion);
            let mut passage = Passage::default();
            for _ in 0..portion {
                match self.limiter.take(self.now) {
                    Ok(()) => passage.let_through += 1,
                    Err(wait) => {
                        passage.throttled += 1;
                        passage.named_wait = passage.named_wait.max(Some(wait));
                    }
                }
            }
            tally.passed += u64::from(passage.let_through);
            tally.throttled += u64::from(passage.throttled);
            let left = self.now;
            self.controller.answered(self.now, id, left, passage);
            match passage.named_wait {
                Some(wait) => self.closed_until = self.now + wait,
                None => self.controller.opened(self.now),
            }
        }
    }
}

#[test]
fn below_the_limit_nothing_is_ever_throttled_and_all_of_the_ceiling_is_used() {
    for most in [1, 20] {
        let tally = Bench::new(9_750, 200).run(100, most);
        assert_eq!(tally.throttled, 0);
        assert!(tally.passed >= 100 * 192, "{tally:?}");
    }
}

#[test]
fn finds_a_limit_that_it_was_not_told() {
    for (limit, most) in [(30, 1), (30, 20), (77, 1), (77, 20), (150, 1), (150, 20)] {
        let mut bench = Bench::new(9_750, limit);
        bench.run(10, most);
        let tally = bench.run(60, most);
        assert!(
            tally.passed * 100 >= limit * 60 * 93,
            "{limit} {most}: {tally:?}"
        );
        assert!(tally.throttled <= 20, "{limit} {most}: {tally:?}");
    }
}

#[test]
fn follows_a_limit_that_falls_and_rises() {
    for most in [1, 20] {
        let mut bench = Bench::new(9_750, 200);
        bench.run(20, most);
        bench.limiter.limit = 100;
        let adapting = bench.run(5, most);
        assert!(adapting.throttled <= 30, "{adapting:?}");
        let halved = bench.run(30, most);
        assert!(halved.passed >= 30 * 90, "{halved:?}");
        bench.limiter.limit = 200;
        bench.run(10, most);
        let doubled = bench.run(10, most);
        assert!(doubled.passed >= 10 * 180, "{doubled:?}");
    }
}

#[test]
fn a_trial_costs_one_sync() {
    for most in [1, 20] {
        let mut bench = Bench::new(9_750, 120);
        bench.run(40, most);
        let refusals = (0..80)
            .map(|_| bench.run(1, most).throttled)
            .filter(|throttled| *throttled > 0);
        let refusals: Vec<u64> = refusals.collect();
        assert!(!refusals.is_empty(), "there was a trial");
        assert!(
            refusals.iter().all(|throttled| *throttled == 1),
            "{refusals:?}"
        );
    }
}

#[test]
fn what_left_before_something_passed_again_says_nothing_new() {
    let mut controller = RateController::new(10_000);
    let second = Duration::from_secs(1);
    let throttled = Passage {
        throttled: 20,
        ..Passage::default()
    };
    controller.answered(second, RequestId(1), second, throttled);
    controller.opened(5 * second);
    let learned = controller.pacer.allowance();
    controller.answered(6 * second, RequestId(2), 4 * second, throttled);
    controller.opened(7 * second);
    assert_eq!(controller.pacer.allowance(), learned);
}

#[test]
fn throttling_without_end_never_makes_it_stand_still() {
    let mut controller = RateController::new(10_000);
    let throttled = Passage {
        throttled: 1,
        ..Passage::default()
    };
    for second in (0..1_000).map(Duration::from_secs) {
        controller.answered(second, RequestId(0), second, throttled);
        controller.opened(second);
    }
    assert_eq!(controller.pacer.allowance(), controller.ceiling() / 20);
}
