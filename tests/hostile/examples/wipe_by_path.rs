//! Wipes a device, by its path.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let path = format!("{DEVICES}/{}/wipe", graph.device());
    graph.post(&path).outcome()
}

attack!(attempt);
