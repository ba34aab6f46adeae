//! Sends requests without end and waits for none of them.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    let device = graph.device();
    let mut pending = Vec::new();
    loop {
        match graph.sync(&device).start() {
            Ok(request) => pending.push(request),
            Err(reason) => return reason,
        }
    }
}

attack!(attempt);
