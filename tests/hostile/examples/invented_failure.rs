//! Reports a device as failed that it has never tried.

use intune_sync_hostile::{Attack, Event, Graph, attack, device_done, failure};

struct Liar;

impl Attack for Liar {
    const SYNCED: u32 = 5;

    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        vec![device_done(&graph.devices()[5], failure())]
    }
}

attack!(type Liar);
