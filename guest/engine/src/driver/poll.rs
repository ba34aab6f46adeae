//! Waits for whatever comes first: part of a response, or a moment in time.

use wasi::{
    clocks::monotonic_clock,
    io::poll::{self, Pollable},
};

use super::exchange::Exchange;

/// A moment of the monotonic clock. It can be waited for repeatedly until it has come.
pub(super) struct Timer {
    instant: u64,
    ready: Pollable,
}

impl Timer {
    /// A timer for this moment: `kept`, if it is for the same one.
    pub(super) fn at(instant: u64, kept: Option<Self>) -> Self {
        kept.filter(|timer| timer.instant == instant)
            .unwrap_or_else(|| Self {
                instant,
                ready: monotonic_clock::subscribe_instant(instant),
            })
    }
}

/// Waits until one of the exchanges is ready or the timer's moment has come, and lets each ready exchange go on as far
/// as it can. Exchanges that are over are not waited for.
///
/// Every ready entry is consumed before the next poll. Otherwise `poll` returns at once for ever, and the host's tasks
/// never get their turn.
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
