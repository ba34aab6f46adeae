//! Sends what is not a message.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    post.message().body("text=hello").outcome()
}

errand!(attempt);
