//! Adds to the link that Graph gave.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let next = graph.page("").next.expect("there are further pages");
    graph
        .get(&format!("{DEVICES}?{next}&$expand=users"))
        .outcome()
}

attack!(attempt);
