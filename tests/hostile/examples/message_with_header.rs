//! Sends the secret of the address in a header.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    post.message().header("x-address", post.path()).outcome()
}

errand!(attempt);
