//! Computes without end instead of sending the message.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    let mut turns = post.path().len();
    loop {
        turns = core::hint::black_box(turns.wrapping_add(1));
    }
}

errand!(attempt);
