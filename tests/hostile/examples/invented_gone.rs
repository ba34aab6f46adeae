//! Reports a device as gone that is there.

use intune_sync_hostile::{Attack, Event, Graph, Outcome, attack, device_done};

struct Liar;

impl Attack for Liar {
    const SYNCED: u32 = 5;

    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        vec![device_done(&graph.devices()[5], Outcome::Gone)]
    }
}

attack!(type Liar);
