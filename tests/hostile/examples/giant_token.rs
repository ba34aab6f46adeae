//! Sends a token of 100 kB.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let value = format!("Bearer {}", "x".repeat(100_000));
    graph.get(DEVICES).authorization(value).outcome()
}

attack!(attempt);
