//! The controller against a limiter that responds at once. `make bench` measures what it reaches against whole
//! tenants, with latency and faults.

use std::collections::VecDeque;

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Counts the calls that it has admitted in the last 20 s.
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

    /// Admits one, or returns how long to wait, in whole seconds.
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

/// How many syncs were admitted and throttled.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    admitted: u64,
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
    fn run(&mut self, windows: u32, most: u32) -> Counts {
        let mut counts = Counts::default();
        let end = self.now + WINDOW * windows;
        loop {
            let at = self
                .controller
                .free_at(self.now, most)
                .max(self.closed_until);
            self.now = self.now.max(at) + MILLISECOND;
            if self.now >= end {
                return counts;
            }
            let portion = self.controller.portion(self.now, most);
            let id = RequestId(self.requests);
            self.requests += 1;
            self.controller.sent(self.now, id, portion);
            let mut admission = Admission::default();
            for _ in 0..portion {
                match self.limiter.take(self.now) {
                    Ok(()) => admission.admitted += 1,
                    Err(wait) => {
                        admission.throttled += 1;
                        admission.named_wait = admission.named_wait.max(Some(wait));
                    }
                }
            }
            counts.admitted += u64::from(admission.admitted);
            counts.throttled += u64::from(admission.throttled);
            let sent_at = self.now;
            self.controller
                .handle_response(self.now, id, sent_at, admission);
            match admission.named_wait {
                Some(wait) => self.closed_until = self.now + wait,
                None => self.controller.reopened(self.now),
            }
        }
    }
}

#[test]
fn below_the_limit_nothing_is_ever_throttled_and_all_of_the_ceiling_is_used() {
    for most in [1, 20] {
        let counts = Bench::new(9_750, 200).run(100, most);
        assert_eq!(counts.throttled, 0);
        assert!(counts.admitted >= 100 * 192, "{counts:?}");
    }
}

#[test]
fn finds_an_undocumented_limit() {
    for (limit, most) in [(30, 1), (30, 20), (77, 1), (77, 20), (150, 1), (150, 20)] {
        let mut bench = Bench::new(9_750, limit);
        bench.run(10, most);
        let counts = bench.run(60, most);
        assert!(
            counts.admitted * 100 >= limit * 60 * 93,
            "{limit} {most}: {counts:?}"
        );
        assert!(counts.throttled <= 20, "{limit} {most}: {counts:?}");
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
        assert!(halved.admitted >= 30 * 90, "{halved:?}");
        bench.limiter.limit = 200;
        bench.run(10, most);
        let doubled = bench.run(10, most);
        assert!(doubled.admitted >= 10 * 180, "{doubled:?}");
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
fn requests_in_flight_when_the_throttle_reopens_say_nothing_new() {
    let mut controller = RateController::new(10_000);
    let second = Duration::from_secs(1);
    let throttled = Admission {
        throttled: 20,
        ..Admission::default()
    };
    controller.handle_response(second, RequestId(1), second, throttled);
    controller.reopened(5 * second);
    let learned = controller.pacer.allowance();
    controller.handle_response(6 * second, RequestId(2), 4 * second, throttled);
    controller.reopened(7 * second);
    assert_eq!(controller.pacer.allowance(), learned);
}

#[test]
fn endless_throttling_never_stops_it() {
    let mut controller = RateController::new(10_000);
    let throttled = Admission {
        throttled: 1,
        ..Admission::default()
    };
    for second in (0..1_000).map(Duration::from_secs) {
        controller.handle_response(second, RequestId(0), second, throttled);
        controller.reopened(second);
    }
    assert_eq!(controller.pacer.allowance(), controller.ceiling() / 20);
}
