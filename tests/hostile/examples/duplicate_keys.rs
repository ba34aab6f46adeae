//! Names an item's address twice: a sync for the one who checks, a wipe for the one who carries it out.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let device = format!("/deviceManagement/managedDevices/{}", graph.device());
    let urls = format!(r#""url":"{device}/wipe","url":"{device}/syncDevice""#);
    let body = format!(r#"{{"requests":[{{"id":"1","method":"POST",{urls}}}]}}"#);
    graph.post(BATCH).body(body).outcome()
}

attack!(attempt);
