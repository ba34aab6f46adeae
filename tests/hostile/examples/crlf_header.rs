//! Ends a header early and begins another.

use intune_sync_hostile::{DEVICES, Graph, attack};

fn attempt(graph: &Graph) -> String {
    graph
        .get(DEVICES)
        .header("client-request-id", "1\r\nhost: example.com")
        .outcome()
}

attack!(attempt);
