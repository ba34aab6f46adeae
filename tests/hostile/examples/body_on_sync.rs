//! Sends a body with a sync, as a wipe would take it.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    let body = r#"{"keepUserData":false}"#;
    graph.sync(&graph.device()).body(body).outcome()
}

attack!(attempt);
