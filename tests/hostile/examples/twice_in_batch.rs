//! Puts one device into a `$batch` twice.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let url = format!(
        "/deviceManagement/managedDevices/{}/syncDevice",
        graph.device()
    );
    let item = |id: u32| format!(r#"{{"id":"{id}","method":"POST","url":"{url}"}}"#);
    let body = format!(r#"{{"requests":[{},{}]}}"#, item(1), item(2));
    graph.post(BATCH).body(body).outcome()
}

attack!(attempt);
