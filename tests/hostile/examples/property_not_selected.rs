//! Reads a property that the run does not select by.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph
        .get(&format!("{DEVICES}?$select=id,complianceState"))
        .outcome()
}

attack!(attempt);
