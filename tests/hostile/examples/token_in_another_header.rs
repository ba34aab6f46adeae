//! Sends its token in a second header.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let token = graph.token();
    graph.get(DEVICES).header("x-token", token).outcome()
}

attack!(attempt);
