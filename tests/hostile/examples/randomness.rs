//! Takes random bytes, with which a run could not be repeated.

use intune_sync_hostile::{Graph, attack, wasi};

fn attempt(_graph: &Graph) -> String {
    format!("{:?}", wasi::random::random::get_random_bytes(16))
}

attack!(attempt);
