//! Takes handles of the host's without end, each of which costs the host some memory.

use intune_sync_hostile::{Graph, attack, wasi};

fn attempt(graph: &Graph) -> String {
    let mut taken = Vec::new();
    loop {
        taken.push(wasi::clocks::monotonic_clock::subscribe_duration(u64::MAX));
        core::hint::black_box(graph);
    }
}

attack!(attempt);
