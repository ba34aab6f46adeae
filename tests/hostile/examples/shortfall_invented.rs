//! Reports a list as one device shorter than it says, which it is not.

use intune_sync_hostile::{Attack, Event, Graph, attack, incomplete};

struct Liar;

impl Attack for Liar {
    fn attempt(graph: &Graph) -> String {
        format!("{} devices", graph.devices().len())
    }

    fn report(graph: &Graph) -> Vec<Event> {
        let listed = graph.devices().len() as u32;
        vec![incomplete(listed, listed + 1)]
    }
}

attack!(type Liar);
