//! Begins to wipe a device, and drops the request before anything can come of it.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let wipe = graph.post(&format!("{DEVICES}/{}/wipe", graph.device()));
    format!("{:?}", wipe.drop_at_once())
}

attack!(attempt);
