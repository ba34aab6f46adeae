//! Gives a device up after one attempt that failed, and reports it as failed.

use intune_sync_hostile::{Attack, Event, Graph, attack, device_done, failure, planned};

struct Liar;

impl Attack for Liar {
    fn attempt(graph: &Graph) -> String {
        graph.sync(&graph.device()).outcome()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        vec![
            planned(120, &[]),
            device_done(&graph.devices()[0], failure()),
        ]
    }
}

attack!(type Liar);
