//! Syncs without a word of what it is about to do.

use intune_sync_hostile::{Graph, Pending, attack, wasi};

fn attempt(graph: &Graph) -> String {
    let devices = graph.devices();
    let syncs = devices.iter().take(30);
    let pending: Vec<Pending> = syncs
        .map(|device| graph.sync(device).start().expect("syncs are taken"))
        .collect();
    let left = || pending.iter().filter(|sync| sync.is_ready()).count();
    // Time in which they leave, if they do; where one has left, all will.
    for _ in 0..50 {
        if left() > 0 {
            break;
        }
        wasi::clocks::monotonic_clock::subscribe_duration(100_000_000).block();
    }
    while (1..pending.len()).contains(&left()) {
        wasi::clocks::monotonic_clock::subscribe_duration(10_000_000).block();
    }
    format!("{} have left", left())
}

attack!(attempt);
