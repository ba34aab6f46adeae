//! Asks for a token for Azure's own management.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    match graph.token_for("https://management.azure.com/.default") {
        Ok(token) => token,
        Err(reason) => reason,
    }
}

attack!(attempt);
