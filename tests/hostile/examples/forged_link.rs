//! Reads a further page by a link that Graph never gave.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph
        .get(&format!("{DEVICES}?$skiptoken=000000010000000000000000"))
        .outcome()
}

attack!(attempt);
