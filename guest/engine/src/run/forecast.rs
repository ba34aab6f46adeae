//! How long the writes will take: the schedule and the pacing of a real run, run ahead against a Graph that responds at
//! once and admits everything.

use core::time::Duration;

use super::{
    sync::{Opening, Route},
    whole_millis,
};
use crate::{
    devices::Schedule,
    http::RequestId,
    pacing::{Pacing, Progress, SendOutcome, Writes},
};

/// Requests that are run ahead; the rest of a larger run goes on at the rate of these.
const REQUESTS_MAX: u32 = 20_000;

/// The size of a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forecast {
    pub(super) requests: u32,
    /// From the first request to the last.
    pub(super) time: Duration,
}

/// Runs the writes of a schedule from which nothing was taken.
pub(super) fn forecast(mut schedule: Schedule, ceiling: u64, route: Route) -> Forecast {
    const ADMITTED: SendOutcome = SendOutcome {
        writes: Writes::Admitted,
        slow_down: None,
        progress: Progress::Made,
        reported: 0,
    };
    let total = u64::from(schedule.total());
    let mut pacing = Pacing::new(ceiling, Duration::ZERO, Duration::MAX);
    let mut random = fastrand::Rng::with_seed(0);
    let mut opening = Opening::Unproven;
    let (mut now, mut requests, mut devices) = (Duration::ZERO, 0, 0_u64);
    while requests < REQUESTS_MAX
        && let Some(ready_at) = schedule.ready_at()
    {
        let most = opening.load_max(route);
        let free_at = pacing.free_at(now, most).unwrap_or_default();
        now = whole_millis(now.max(ready_at).max(free_at));
        let portion = pacing.portion(now, most) as usize;
        let Some(work) = schedule.take(now, portion) else {
            break;
        };
        let count = u32::try_from(work.positions.len()).unwrap_or(u32::MAX);
        let id = RequestId(u64::from(requests));
        let sent = pacing.sent(now, id, route.load(count));
        pacing.handle_response(now, sent, ADMITTED, &mut random);
        for position in work.positions {
            schedule.done(position, now);
        }
        opening = Opening::Proven;
        requests += 1;
        devices += u64::from(count);
    }
    // The first request leaves at once: the others take the time.
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
