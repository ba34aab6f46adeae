//! Sends more than a message has.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    let text = "x".repeat(1 << 20);
    post.message()
        .body(format!("{{\"text\":\"{text}\"}}"))
        .outcome()
}

errand!(attempt);
