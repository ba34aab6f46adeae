//! Reports a text that drives the terminal.

use intune_sync_hostile::{Attack, Event, Graph, attack, notice};

struct Terminal;

impl Attack for Terminal {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn events() -> Vec<Event> {
        let text = "all is well\x1b[2J\x1b]0;hostile\x07\r\nerror: forged";
        vec![notice(text.to_owned())]
    }
}

attack!(type Terminal);
