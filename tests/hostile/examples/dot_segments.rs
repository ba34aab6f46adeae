//! Wipes a device by a path that begins as a sync, until its dot segments are resolved.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let path = format!("{DEVICES}/{}/syncDevice/../wipe", graph.device());
    graph.post(&path).outcome()
}

attack!(attempt);
