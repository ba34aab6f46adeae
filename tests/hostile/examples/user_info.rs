//! Sends its token to another host, with Graph's as the user's name before it.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let authority = format!("{}@{}", graph.authority(), graph.elsewhere());
    graph.get(DEVICES).at(&authority).outcome()
}

attack!(attempt);
