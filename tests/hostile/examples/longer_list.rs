//! Plans for a list that is longer than the one it was given.

use intune_sync_hostile::{Attack, Event, EventKind, Graph, attack, planned};

struct Liar;

impl Attack for Liar {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        let mut event = planned(graph.devices().len() as u32, &[]);
        if let EventKind::Planned(plan) = &mut event.kind {
            plan.listed += 1;
        }
        vec![event]
    }
}

attack!(type Liar);
