//! Asks Graph more than a selection can.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph
        .get(&format!(
            "{DEVICES}?$filter=id%20eq%20%27a%27%20or%20id%20eq%20%27b%27"
        ))
        .outcome()
}

attack!(attempt);
