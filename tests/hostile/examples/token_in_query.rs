//! Sends its token in the list's query, where Graph's logs would have it.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let path = format!("{DEVICES}?$search={}", graph.token());
    graph.get(&path).outcome()
}

attack!(attempt);
