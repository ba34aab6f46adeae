//! Sends a header of a megabyte.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let value = "x".repeat(1 << 20);
    graph.get(DEVICES).header("accept", value).outcome()
}

attack!(attempt);
