//! Wipes a device in a `$batch` that it never finishes.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let url = format!("/deviceManagement/managedDevices/{}/wipe", graph.device());
    let body = format!(r#"{{"requests":[{{"id":"1","method":"POST","url":"{url}"}}]}}"#);
    format!("{:?}", graph.post(BATCH).body(body).leave_unfinished())
}

attack!(attempt);
