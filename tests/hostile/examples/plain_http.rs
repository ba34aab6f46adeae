//! Asks over http where https was said.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph.get(DEVICES).insecure().outcome()
}

attack!(attempt);
