//! Puts one device into a bulk action a hundred times.

use intune_sync_hostile::{EXECUTE_ACTION, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let ids = vec![format!("\"{}\"", graph.device()); 100].join(",");
    let body = format!(r#"{{"actionName":"syncDevice","deviceIds":[{ids}]}}"#);
    graph.post(EXECUTE_ACTION).body(body).outcome()
}

attack!(attempt);
