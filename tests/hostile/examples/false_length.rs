//! Announces a longer body than it sends.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let body = r#"{"requests":[]}"#;
    let call = graph.post(BATCH).header("content-length", "1000");
    call.body(body).outcome()
}

attack!(attempt);
