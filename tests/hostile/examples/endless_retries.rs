//! Tries a device again and again that fails.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    let device = graph.device();
    for _ in 0..100 {
        if let Err(reason) = graph.sync(&device).send() {
            return reason;
        }
    }
    "a hundred times".to_owned()
}

attack!(attempt);
