//! Says nothing of a list that is shorter than it says itself.

use intune_sync_hostile::{Attack, Event, Graph, attack, planned};

struct Liar;

impl Attack for Liar {
    fn attempt(graph: &Graph) -> String {
        format!("{} devices", graph.devices().len())
    }

    fn report(graph: &Graph) -> Vec<Event> {
        vec![planned(graph.devices().len() as u32, &[])]
    }
}

attack!(type Liar);
