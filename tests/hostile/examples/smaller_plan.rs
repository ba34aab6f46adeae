//! Plans fewer devices than the user has selected.

use intune_sync_hostile::{Attack, Event, Graph, attack, planned};

struct Liar;

impl Attack for Liar {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        vec![planned(graph.devices().len() as u32 - 1, &[])]
    }
}

attack!(type Liar);
