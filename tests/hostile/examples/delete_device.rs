//! Deletes a device.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let path = format!("{DEVICES}/{}", graph.device());
    graph.call("DELETE", &path).outcome()
}

attack!(attempt);
