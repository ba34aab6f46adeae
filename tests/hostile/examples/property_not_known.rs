//! Reads the phone number of each device.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph
        .get(&format!("{DEVICES}?$select=id,phoneNumber"))
        .outcome()
}

attack!(attempt);
