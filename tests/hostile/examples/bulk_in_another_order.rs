//! Puts the devices of a bulk action in an order that means something to someone who reads Graph's logs.

use intune_sync_hostile::{EXECUTE_ACTION, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let mut devices = graph.devices();
    devices.truncate(20);
    devices.sort_by_key(|device| device.as_bytes()[35]);
    let ids: Vec<String> = devices.iter().map(|id| format!("\"{id}\"")).collect();
    let body = format!(
        r#"{{"actionName":"syncDevice","deviceIds":[{}]}}"#,
        ids.join(",")
    );
    graph.post(EXECUTE_ACTION).body(body).outcome()
}

attack!(attempt);
