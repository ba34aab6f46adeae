//! Wipes a device by a path that ends as a sync, until its encoded characters are decoded.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let path = format!("{DEVICES}/{}%2fwipe%3f/syncDevice", graph.device());
    graph.post(&path).outcome()
}

attack!(attempt);
