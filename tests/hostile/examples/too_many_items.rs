//! Puts 21 syncs into a `$batch`.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let devices = graph.devices().into_iter().take(21).enumerate();
    let items = devices.map(|(id, device)| {
        let url = format!("/deviceManagement/managedDevices/{device}/syncDevice");
        format!(r#"{{"id":"{id}","method":"POST","url":"{url}"}}"#)
    });
    let items = items.collect::<Vec<_>>().join(",");
    let body = format!(r#"{{"requests":[{items}]}}"#);
    graph.post(BATCH).body(body).outcome()
}

attack!(attempt);
