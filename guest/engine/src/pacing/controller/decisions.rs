//! The controller's decisions one by one, in numbers.

mod buckets;
mod carried;
mod holding;
mod learning;
mod sizes;
mod trials;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// At a ceiling of 1,026 syncs in a [`SPAN`].
fn controller() -> RateController {
    let controller = RateController::new(50_000);
    assert_eq!(controller.ceiling(), 1_026);
    controller
}

/// One that holds this allowance until `until`.
fn holding(allowance: u64, until: Duration, fallback: Option<Fallback>) -> RateController {
    let mut controller = controller();
    controller.pacer.allow(allowance);
    controller.phase = Phase::Holding { until, fallback };
    controller
}

/// One in a trial that has begun at 100 s, with nothing sent yet.
fn trying(safe: u64, saves_up: bool) -> RateController {
    let mut controller = holding(safe, 100 * SECOND, None);
    controller.saves_up = saves_up;
    controller.advance(100 * SECOND);
    controller
}

fn trial(controller: &RateController) -> Trial {
    match controller.phase {
        Phase::Trial(trial) => trial,
        other => panic!("no trial: {other:?}"),
    }
}

fn trial_mut(controller: &mut RateController) -> &mut Trial {
    match &mut controller.phase {
        Phase::Trial(trial) => trial,
        other => panic!("no trial: {other:?}"),
    }
}

fn held(controller: &RateController) -> (Duration, Option<Fallback>) {
    match controller.phase {
        Phase::Holding { until, fallback } => (until, fallback),
        other => panic!("it does not hold: {other:?}"),
    }
}

fn mark(at: u64, total: u64) -> Mark {
    let at = Duration::from_secs(at);
    Mark { at, total }
}

/// A throttle window that began at `began`, in which a request was still refused at `refused_at`.
fn throttled(began: Duration, refused_at: Duration, named: bool, in_doubt: u64) -> Throttled {
    Throttled {
        began: Mark {
            at: began,
            total: 0,
        },
        refused_at,
        named,
        probed: false,
        in_doubt,
    }
}

fn admission(admitted: u32, throttled: u32, wait: Option<u64>) -> Admission {
    Admission {
        admitted,
        throttled,
        named_wait: wait.map(Duration::from_secs),
    }
}
