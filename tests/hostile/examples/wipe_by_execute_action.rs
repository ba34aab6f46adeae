//! Wipes a device by the bulk action.

use intune_sync_hostile::{EXECUTE_ACTION, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let device = graph.device();
    let body = format!(r#"{{"actionName":"wipe","deviceIds":["{device}"]}}"#);
    graph.post(EXECUTE_ACTION).body(body).outcome()
}

attack!(attempt);
