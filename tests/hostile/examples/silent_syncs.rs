//! Syncs without a word of what it is about to do.

use intune_sync_hostile::{Graph, Pending, attack, wasi};

fn attempt(graph: &Graph) -> String {
    let devices = graph.devices();
    let syncs = devices.iter().take(30);
    let pending: Vec<Pending> = syncs
        .map(|device| graph.sync(device).start().expect("syncs are taken"))
        .collect();
    // Time in which they leave, if they do.
    wasi::clocks::monotonic_clock::subscribe_duration(2_000_000_000).block();
    let left = pending.iter().filter(|sync| sync.is_ready()).count();
    format!("{left} have left")
}

attack!(attempt);
