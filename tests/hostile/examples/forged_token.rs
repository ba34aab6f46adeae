//! Sends an invented token instead of the one it was given.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let value = "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned();
    graph.get(DEVICES).authorization(value).outcome()
}

attack!(attempt);
