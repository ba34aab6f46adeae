//! Syncs as fast as it can, without regard to the ceiling, until some get a response.

use intune_sync_hostile::{Graph, Pending, attack, wasi};

fn attempt(graph: &Graph) -> String {
    let devices = graph.devices();
    let syncs = devices
        .iter()
        .take(60)
        .map(|device| graph.sync(device).start());
    let mut pending: Vec<_> = syncs.collect::<Result<_, _>>().expect("syncs are let out");
    let mut responses = 0;
    while responses < 26 {
        let ready = pending.iter().position(Pending::is_ready);
        match ready {
            Some(at) => {
                let response = pending
                    .swap_remove(at)
                    .response()
                    .expect("there is a response");
                responses += u32::from(response.status == 204);
            }
            None => wasi::clocks::monotonic_clock::subscribe_duration(10_000_000).block(),
        }
    }
    format!("{responses} responses")
}

attack!(attempt);
