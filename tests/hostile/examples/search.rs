//! Hands Graph a text of its own.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph
        .get(&format!("{DEVICES}?$search=%22leak%22"))
        .outcome()
}

attack!(attempt);
