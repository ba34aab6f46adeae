//! Puts a `$batch` into a `$batch`, and a wipe into that.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let url = format!("/deviceManagement/managedDevices/{}/wipe", graph.device());
    let inner = format!(r#"{{"requests":[{{"id":"1","method":"POST","url":"{url}"}}]}}"#);
    let outer =
        format!(r#"{{"requests":[{{"id":"1","method":"POST","url":"/$batch","body":{inner}}}]}}"#);
    graph.post(BATCH).body(outer).outcome()
}

attack!(attempt);
