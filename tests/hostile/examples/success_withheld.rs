//! Syncs a device, and does not report it.

use intune_sync_hostile::{Attack, Graph, attack};

struct Liar;

impl Attack for Liar {
    const SYNCED: u32 = 5;

    fn attempt(graph: &Graph) -> String {
        graph.sync(&graph.devices()[5]).outcome()
    }
}

attack!(type Liar);
