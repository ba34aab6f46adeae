//! Takes memory without end.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(graph.authority().bytes().cycle().take(1 << 20).collect());
        core::hint::black_box(&taken);
    }
}

attack!(attempt);
