//! Waits without end in `start`.

use intune_sync_hostile::{Attack, Graph, attack, wasi};

struct Sleeping;

impl Attack for Sleeping {
    fn start() {
        wasi::clocks::monotonic_clock::subscribe_duration(u64::MAX).block();
    }

    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }
}

attack!(type Sleeping);
