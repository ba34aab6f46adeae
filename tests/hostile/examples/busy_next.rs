//! Returns from `next` again and again, at once and with nothing, and never ends.

use intune_sync_hostile::{Attack, Event, Graph, attack};

struct Busy;

impl Attack for Busy {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn afterwards(_graph: &Graph) -> Option<Vec<Event>> {
        Some(Vec::new())
    }
}

attack!(type Busy);
