//! Sends a sync in a run that only plans.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let path = format!("{DEVICES}/{}/syncDevice", graph.device());
    graph.post(&path).outcome()
}

attack!(attempt);
