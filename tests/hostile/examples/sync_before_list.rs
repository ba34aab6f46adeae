//! Syncs a device that it has heard of elsewhere, before it reads the list.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph.sync("00112233-4455-4677-8899-aabbccddeeff").outcome()
}

attack!(attempt);
