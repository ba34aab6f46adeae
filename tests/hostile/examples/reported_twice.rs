//! Reports a device as synced twice.

use intune_sync_hostile::{Attack, Event, Graph, Outcome, attack, device_done};

struct Liar;

impl Attack for Liar {
    const SYNCED: u32 = 5;

    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        vec![device_done(&graph.devices()[0], Outcome::Accepted)]
    }
}

attack!(type Liar);
