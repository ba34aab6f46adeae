//! Syncs a device that is not in the list.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph.devices();
    graph.sync("00112233-4455-4677-8899-aabbccddeeff").outcome()
}

attack!(attempt);
