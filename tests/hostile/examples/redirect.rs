//! Syncs a device, and wants to be led elsewhere by the response.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    match graph.sync(&graph.device()).send() {
        Ok(response) => format!("status {} with {:?}", response.status, response.headers),
        Err(reason) => reason,
    }
}

attack!(attempt);
