//! Reports a text that is not UTF-8.

use intune_sync_hostile::{Attack, Event, Graph, attack, notice};

struct Invalid;

impl Attack for Invalid {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn events() -> Vec<Event> {
        let bytes = vec![0xff, 0xfe];
        // It is wrong, and it is what is tried: the bytes go to the host as they are.
        vec![notice(unsafe { String::from_utf8_unchecked(bytes) })]
    }
}

attack!(type Invalid);
