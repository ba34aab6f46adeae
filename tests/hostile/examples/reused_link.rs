//! Reads a page by the same link again.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let second = graph.page("").next.expect("there are further pages");
    graph.page(&second);
    graph.get(&format!("{DEVICES}?{second}")).outcome()
}

attack!(attempt);
