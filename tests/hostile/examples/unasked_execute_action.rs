//! Syncs by the bulk action in a run that did not ask for it.

use intune_sync_hostile::{EXECUTE_ACTION, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let device = graph.device();
    let body = format!(r#"{{"actionName":"syncDevice","deviceIds":["{device}"]}}"#);
    graph.post(EXECUTE_ACTION).body(body).outcome()
}

attack!(attempt);
