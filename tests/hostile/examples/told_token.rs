//! Reports its token to anyone who reads the output.

use intune_sync_hostile::{Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph.token()
}

attack!(attempt);
