//! Says of a device twice that it will sync it, and of another not at all.

use intune_sync_hostile::{Attack, Event, Graph, Selected, attack, planned};

struct Liar;

impl Attack for Liar {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        vec![planned(graph.devices().len() as u32, &[])]
    }

    fn selected(mut honest: Vec<Selected>) -> Vec<Selected> {
        honest[1] = honest[0].clone();
        honest
    }
}

attack!(type Liar);
