//! Puts 101 devices into a bulk action.

use intune_sync_hostile::{EXECUTE_ACTION, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let devices = graph.devices().into_iter().take(101);
    let ids = devices
        .map(|id| format!(r#""{id}""#))
        .collect::<Vec<_>>()
        .join(",");
    let body = format!(r#"{{"actionName":"syncDevice","deviceIds":[{ids}]}}"#);
    graph.post(EXECUTE_ACTION).body(body).outcome()
}

attack!(attempt);
