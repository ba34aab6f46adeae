//! Syncs one device twice at once.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    let device = graph.device();
    // Both are on their way before either is waited for. To drop one would end the run for another reason.
    let both = [graph.sync(&device).start(), graph.sync(&device).start()];
    let outcomes = both.map(|begun| {
        let response = begun.and_then(|pending| pending.response());
        response.map_or_else(|reason| reason, |sync| format!("status {}", sync.status))
    });
    outcomes.join(", ")
}

attack!(attempt);
