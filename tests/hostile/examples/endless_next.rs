//! Computes without end in `next`.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    loop {
        core::hint::black_box(graph);
    }
}

attack!(attempt);
