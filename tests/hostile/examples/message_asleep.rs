//! Waits without end instead of sending the message.

use intune_sync_hostile::{Post, errand, wasi};

fn attempt(post: &Post) -> String {
    wasi::clocks::monotonic_clock::subscribe_duration(u64::MAX).block();
    format!("{} is awake", post.authority())
}

errand!(attempt);
