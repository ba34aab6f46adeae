//! Syncs one device twice at once.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    let device = graph.device();
    let first = graph.sync(&device).start();
    let second = graph.sync(&device).outcome();
    drop(first);
    second
}

attack!(attempt);
