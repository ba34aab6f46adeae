//! Calls itself without end.

use core::hint::black_box;

use intune_sync_hostile::{Graph, attack};

fn attempt(_graph: &Graph) -> String {
    deeper(0).to_string()
}

#[expect(unconditional_recursion, reason = "it is what is tried")]
fn deeper(depth: u64) -> u64 {
    depth ^ black_box(deeper(black_box(depth + 1)))
}

attack!(attempt);
