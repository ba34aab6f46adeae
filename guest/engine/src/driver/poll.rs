use core::time::Duration;

use wasi::{clocks::monotonic_clock, io::poll};

use super::exchange::Exchange;

/// Waits until something happens to one of the exchanges, or for this time at most, and lets each exchange that is
/// ready go on as far as it can. What is over is not waited for.
///
/// Every ready entry is consumed before the next poll; otherwise `poll` returns at once for ever, and the host's own
/// tasks never get their turn.
pub(super) fn wait(exchanges: &mut [Exchange], most: Duration) {
    let timer =
        monotonic_clock::subscribe_duration(u64::try_from(most.as_nanos()).unwrap_or(u64::MAX));
    let mut pollables = vec![&timer];
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
