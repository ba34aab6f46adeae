//! Names another host in a header.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph
        .get(DEVICES)
        .header("host", graph.elsewhere())
        .outcome()
}

attack!(attempt);
