//! Sends the message to another path of the same host.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    post.call("POST", "/elsewhere").outcome()
}

errand!(attempt);
