//! Traps in the middle of a run.

use intune_sync_hostile::{Attack, Graph, attack};

struct Trap;

impl Attack for Trap {
    const SYNCED: u32 = 5;

    fn attempt(_graph: &Graph) -> String {
        core::arch::wasm32::unreachable()
    }
}

attack!(type Trap);
