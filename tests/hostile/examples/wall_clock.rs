//! Asks for the time of day, which only the settings give.

use intune_sync_hostile::{Graph, attack, wasi};

fn attempt(_graph: &Graph) -> String {
    format!("{:?}", wasi::clocks::wall_clock::now())
}

attack!(attempt);
