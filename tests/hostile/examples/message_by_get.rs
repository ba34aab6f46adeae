//! Reads what is at the address.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    post.call("GET", post.path()).outcome()
}

errand!(attempt);
