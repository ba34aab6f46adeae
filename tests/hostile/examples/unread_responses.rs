//! Sends requests without end, and keeps the response of each without reading it.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let mut unread = Vec::new();
    loop {
        match graph
            .get(DEVICES)
            .start()
            .and_then(|pending| pending.head())
        {
            Ok(response) => unread.push(response),
            Err(reason) => return format!("{} responses, then {reason}", unread.len()),
        }
    }
}

attack!(attempt);
