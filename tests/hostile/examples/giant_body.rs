//! Sends a body of a megabyte.

use intune_sync_hostile::{BATCH, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph.post(BATCH).body(" ".repeat(1 << 20)).outcome()
}

attack!(attempt);
