//! Syncs five devices, and plans more than numbers can hold.

use intune_sync_hostile::{Attack, Event, Graph, attack, planned};

struct Overflowing;

impl Attack for Overflowing {
    const SYNCED: u32 = 5;

    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn events() -> Vec<Event> {
        vec![planned(u32::MAX, &[u32::MAX, u32::MAX])]
    }
}

attack!(type Overflowing);
