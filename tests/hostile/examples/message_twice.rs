//! Sends the message twice.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    let first = post.message().outcome();
    format!("{first}, {}", post.message().outcome())
}

errand!(attempt);
