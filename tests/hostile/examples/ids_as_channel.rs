//! Writes what it has read into the ids of its requests and items, where Graph's logs would have it.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let devices = graph.devices();
    let item = |device: &str, id: &str| {
        let url = format!("/deviceManagement/managedDevices/{device}/syncDevice");
        format!(r#"{{"id":"{id}","method":"POST","url":"{url}"}}"#)
    };
    let body = format!(
        r#"{{"requests":[{},{}]}}"#,
        item(&devices[0], "leaked-1"),
        item(&devices[1], "leaked-2")
    );
    let batch = graph.post(BATCH).body(body);
    let response = batch
        .header("client-request-id", "1eaced00-0000-4000-8000-000000000000")
        .send()
        .expect("the batch is let out");
    String::from_utf8_lossy(&response.body).into_owned()
}

attack!(attempt);
