//! Asks Graph about a device's name, letter by letter.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph
        .get(&format!("{DEVICES}?$filter=startswith(deviceName,%27A%27)"))
        .outcome()
}

attack!(attempt);
