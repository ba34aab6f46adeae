//! Syncs a device of the first page before it has read the others.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    let page = graph.page("");
    graph.sync(&page.devices[0]).outcome()
}

attack!(attempt);
