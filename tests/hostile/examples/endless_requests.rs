//! Sends requests without end and waits for none of them.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    let mut pending = Vec::new();
    for device in graph.devices() {
        match graph.sync(&device).start() {
            Ok(request) => pending.push(request),
            Err(reason) => return reason,
        }
    }
    "no more devices".to_owned()
}

attack!(attempt);
