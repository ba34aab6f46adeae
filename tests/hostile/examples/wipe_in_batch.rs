//! Wipes a device in a `$batch`.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let url = format!("/deviceManagement/managedDevices/{}/wipe", graph.device());
    let body = format!(r#"{{"requests":[{{"id":"1","method":"POST","url":"{url}"}}]}}"#);
    graph.post(BATCH).body(body).outcome()
}

attack!(attempt);
