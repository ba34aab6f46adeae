//! Reports the same megabyte a hundred thousand times, so that the host takes it for a hundred gigabytes.

use intune_sync_hostile::{Attack, Event, Graph, attack, notice};

struct Amplified;

impl Attack for Amplified {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn events() -> Vec<Event> {
        let text = "x".repeat(1 << 20).leak();
        let again = || {
            // The component gives none of them back: it is not called again.
            let text =
                unsafe { String::from_raw_parts(text.as_ptr().cast_mut(), text.len(), text.len()) };
            notice(text)
        };
        (0..100_000).map(|_| again()).collect()
    }
}

attack!(type Amplified);
