//! Reads what the server returns, which may be what it was sent.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    match graph.sync(&graph.device()).send() {
        Ok(response) => format!(
            "{} {}",
            response.values.join(" "),
            String::from_utf8_lossy(&response.body)
        ),
        Err(reason) => reason,
    }
}

attack!(attempt);
