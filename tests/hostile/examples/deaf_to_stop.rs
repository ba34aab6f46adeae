//! Begins sixty syncs at once, and goes on for as long as any of them is on its way.

use std::cell::RefCell;

use intune_sync_hostile::{Attack, Event, Graph, Pending, attack, wasi};

thread_local! {
    static PENDING: RefCell<Vec<Pending>> = RefCell::default();
}

struct Deaf;

impl Attack for Deaf {
    fn attempt(graph: &Graph) -> String {
        let devices = graph.devices();
        let syncs = devices.iter().take(60);
        let syncs = syncs.map(|device| graph.sync(device).start().expect("syncs are taken"));
        PENDING.with_borrow_mut(|pending| pending.extend(syncs));
        "it came this far".to_owned()
    }

    fn afterwards(_graph: &Graph) -> Option<Vec<Event>> {
        wasi::clocks::monotonic_clock::subscribe_duration(50_000_000).block();
        PENDING.with_borrow_mut(|pending| pending.retain(|sync| !sync.is_ready()));
        PENDING.with_borrow(|pending| (!pending.is_empty()).then(Vec::new))
    }
}

attack!(type Deaf);
