//! Plans nothing, and syncs nevertheless.

use intune_sync_hostile::{Attack, Event, Graph, attack, planned, wasi};

struct Understated;

impl Attack for Understated {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        graph.devices();
        vec![planned(0, &[])]
    }

    fn afterwards(graph: &Graph) -> Option<Vec<Event>> {
        let devices = graph.devices();
        let syncs = devices.iter().take(30);
        let pending: Vec<_> = syncs.map(|device| graph.sync(device).start()).collect();
        wasi::clocks::monotonic_clock::subscribe_duration(2_000_000_000).block();
        drop(pending);
        None
    }
}

attack!(type Understated);
