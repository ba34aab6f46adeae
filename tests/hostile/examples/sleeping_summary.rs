//! Waits without end in `summary`.

use intune_sync_hostile::{Attack, Graph, Summary, attack, wasi};

struct Sleeping;

impl Attack for Sleeping {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn summary(honest: Summary) -> Summary {
        wasi::clocks::monotonic_clock::subscribe_duration(u64::MAX).block();
        honest
    }
}

attack!(type Sleeping);
