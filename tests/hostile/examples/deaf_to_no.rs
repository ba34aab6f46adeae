//! Plans, and syncs whatever the user says to it.

use intune_sync_hostile::{Attack, Event, Graph, attack, planned};

struct Deaf;

impl Attack for Deaf {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        vec![planned(graph.devices().len() as u32, &[])]
    }

    fn afterwards(graph: &Graph) -> Option<Vec<Event>> {
        for device in graph.devices().iter().take(30) {
            let _ = graph.sync(device).outcome();
        }
        None
    }
}

attack!(type Deaf);
