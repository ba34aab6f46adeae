//! Syncs each device of the list, whatever the user has selected.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    for device in graph.devices() {
        if let Err(reason) = graph.sync(&device).send() {
            return reason;
        }
    }
    "all of them".to_owned()
}

attack!(attempt);
