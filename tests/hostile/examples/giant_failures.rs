//! Reports failures of megabytes without end, each of which is kept for the summary.

use intune_sync_hostile::{Attack, Event, Graph, attack, failed};

struct Giant;

impl Attack for Giant {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn afterwards(_graph: &Graph) -> Option<Vec<Event>> {
        Some(vec![failed(&"x".repeat(8 << 20))])
    }
}

attack!(type Giant);
