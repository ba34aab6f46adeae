//! Reads the users along with the devices.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph.get(&format!("{DEVICES}?$expand=users")).outcome()
}

attack!(attempt);
