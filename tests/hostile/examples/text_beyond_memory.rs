//! Reports a text that ends beyond its memory.

use intune_sync_hostile::{Attack, Event, Graph, attack, notice};

struct Beyond;

impl Attack for Beyond {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn events() -> Vec<Event> {
        let length = 0x7fff_fff0;
        let text = "x".repeat(16).leak();
        // It is wrong, and it is what is tried: the length goes to the host as it is.
        vec![notice(unsafe {
            String::from_raw_parts(text.as_mut_ptr(), length, length)
        })]
    }
}

attack!(type Beyond);
