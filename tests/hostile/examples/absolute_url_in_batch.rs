//! Syncs a device in a `$batch`, by an absolute URL.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let path = format!(
        "/deviceManagement/managedDevices/{}/syncDevice",
        graph.device()
    );
    let url = format!("http://{}/v1.0{path}", graph.authority());
    let body = format!(r#"{{"requests":[{{"id":"1","method":"POST","url":"{url}"}}]}}"#);
    graph.post(BATCH).body(body).outcome()
}

attack!(attempt);
