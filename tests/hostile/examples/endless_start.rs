//! Computes without end in `start`.

use intune_sync_hostile::{Attack, Graph, attack};

struct Endless;

impl Attack for Endless {
    fn start() {
        loop {
            core::hint::black_box(());
        }
    }

    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }
}

attack!(type Endless);
