//! Sends requests without end, and keeps the response of each without reading it.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    let mut unread = Vec::new();
    for device in graph.devices() {
        match graph
            .sync(&device)
            .start()
            .and_then(|pending| pending.head())
        {
            Ok(response) => unread.push(response),
            Err(reason) => return format!("{} responses, then {reason}", unread.len()),
        }
    }
    "no more devices".to_owned()
}

attack!(attempt);
