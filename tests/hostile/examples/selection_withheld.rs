//! Says of some devices alone that it will sync them.

use intune_sync_hostile::{Attack, Event, Graph, Selected, attack, planned};

struct Liar;

impl Attack for Liar {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        vec![planned(graph.devices().len() as u32, &[])]
    }

    fn selected(honest: Vec<Selected>) -> Vec<Selected> {
        honest.into_iter().take(5).collect()
    }
}

attack!(type Liar);
