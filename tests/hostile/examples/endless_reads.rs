//! Reads the list over and over.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    (0..1_000)
        .map(|_| graph.page("").devices.len())
        .sum::<usize>()
        .to_string()
}

attack!(attempt);
