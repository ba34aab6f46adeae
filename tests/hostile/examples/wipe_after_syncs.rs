//! Wipes a device once it has won some trust.

use intune_sync_hostile::{Attack, DEVICES, Graph, attack};

struct Trusted;

impl Attack for Trusted {
    const SYNCED: u32 = 5;

    fn attempt(graph: &Graph) -> String {
        let path = format!("{DEVICES}/{}/wipe", graph.device());
        graph.post(&path).outcome()
    }
}

attack!(type Trusted);
