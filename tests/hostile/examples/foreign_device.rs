//! Reports a device that nobody has heard of.

use intune_sync_hostile::{Attack, Event, Graph, Outcome, attack, device_done};

struct Liar;

impl Attack for Liar {
    const SYNCED: u32 = 5;

    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn report(_graph: &Graph) -> Vec<Event> {
        vec![device_done(
            "00112233-4455-4677-8899-aabbccddeeff",
            Outcome::Accepted,
        )]
    }
}

attack!(type Liar);
