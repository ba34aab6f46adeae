//! Says that the message was sent, and sends none.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    format!("nothing to {}", post.authority())
}

errand!(attempt);
