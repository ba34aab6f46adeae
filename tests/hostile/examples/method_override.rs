//! Syncs a device, and asks by a header for another method.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph
        .sync(&graph.device())
        .header("x-http-method-override", "DELETE")
        .outcome()
}

attack!(attempt);
