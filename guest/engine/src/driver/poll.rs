use wasi::{
    clocks::monotonic_clock,
    io::poll::{self, Pollable},
};

use super::exchange::Exchange;

/// A moment of the monotonic clock that can be waited for, again and again as long as it has not come.
pub(super) struct Timer {
    instant: u64,
    ready: Pollable,
}

impl Timer {
    /// The timer for this moment: the one that is there, if it is for the same.
    pub(super) fn at(instant: u64, kept: Option<Self>) -> Self {
        kept.filter(|timer| timer.instant == instant)
            .unwrap_or_else(|| Self {
                instant,
                ready: monotonic_clock::subscribe_instant(instant),
            })
    }
}

/// Waits until something happens to one of the exchanges, or until the timer's moment, and lets each exchange that is
/// ready go on as far as it can. What is over is not waited for.
///
/// Every ready entry is consumed before the next poll; otherwise `poll` returns at once for ever, and the host's own
/// tasks never get their turn.
pub(super) fn wait(exchanges: &mut [Exchange], timer: &Timer) {
    let mut pollables = vec![&timer.ready];
    // Which exchange, and which of its sides, a pollable behind the timer belongs to.
    let mut sides = Vec::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        for (side, pollable) in exchange.pollables() {
            pollables.push(pollable);
            sides.push((at, side));
        }
    }
    let mut ready = poll::poll(&pollables);
    ready.sort_unstable();
    for index in ready {
        let entry = usize::try_from(index)
            .ok()
            .and_then(|index| index.checked_sub(1));
        if let Some((at, side)) = entry.and_then(|entry| sides.get(entry)) {
            exchanges[*at].advance(*side);
        }
    }
}
