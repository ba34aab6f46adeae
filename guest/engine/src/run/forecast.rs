//! How long the writes will take: the schedule and the rate controller themselves, run ahead against a Graph that
//! answers at once and lets everything through.

use core::time::Duration;

use super::{Opening, Route, whole_millis};
use crate::{
    http::RequestId,
    pacing::{Passage, RateController},
    schedule::Schedule,
};

/// Requests that are run ahead; the rest of a larger run goes on at the rate of these.
const REQUESTS_MAX: u32 = 20_000;

/// What a run will come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forecast {
    pub(super) requests: u32,
    /// From the first request to the last.
    pub(super) time: Duration,
}

/// Runs the writes of a schedule that nothing was taken from.
pub(super) fn forecast(mut schedule: Schedule, ceiling: u64, route: Route) -> Forecast {
    let total = u64::from(schedule.total());
    let mut rate = RateController::new(ceiling);
    let (mut now, mut requests, mut devices) = (Duration::ZERO, 0, 0_u64);
    let mut opening = Opening::Unproven;
    while requests < REQUESTS_MAX
        && let Some(ready_at) = schedule.ready_at()
    {
        let cost_max = opening.cost_max(route);
        now = whole_millis(now.max(ready_at).max(rate.free_at(now, cost_max)));
        let portion = rate.portion(now, cost_max);
        let Some(work) = schedule.take(now, opening.devices(route, portion)) else {
            break;
        };
        let count = u32::try_from(work.places.len()).unwrap_or(u32::MAX);
        let (id, cost) = (RequestId(u64::from(requests)), route.cost(count));
        rate.sent(now, id, cost);
        let passage = Passage {
            let_through: cost,
            ..Passage::default()
        };
        rate.answered(now, id, now, passage);
        for place in work.places {
            schedule.done(place, now);
        }
        opening = Opening::Proven;
        requests += 1;
        devices += u64::from(count);
    }
    // The first request leaves at once: the others make the time.
    let scaled = |value: u128| value * u128::from(total) / u128::from(devices.max(1));
    if devices >= total {
        return Forecast {
            requests,
            time: now,
        };
    }
    Forecast {
        requests: u32::try_from(scaled(requests.into())).unwrap_or(u32::MAX),
        time: Duration::from_millis(u64::try_from(scaled(now.as_millis())).unwrap_or(u64::MAX)),
    }
}
