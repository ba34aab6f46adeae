//! Retires a device, by its path in the beta version.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let path = DEVICES.replace("v1.0", "beta");
    graph
        .post(&format!("{path}/{}/retire", graph.device()))
        .outcome()
}

attack!(attempt);
