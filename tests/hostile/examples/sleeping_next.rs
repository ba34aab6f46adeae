//! Waits without end in `next`.

use intune_sync_hostile::{Graph, attack, wasi};

fn attempt(graph: &Graph) -> String {
    let authority = graph.authority();
    wasi::clocks::monotonic_clock::subscribe_duration(u64::MAX).block();
    format!("{authority} is awake")
}

attack!(attempt);
