//! Ends the request in the middle of its path and begins another.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let path = format!(
        "{DEVICES} HTTP/1.1\r\n\r\nDELETE {DEVICES}/{}",
        graph.device()
    );
    graph.get(&path).outcome()
}

attack!(attempt);
