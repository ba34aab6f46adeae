//! Sends a token with the message.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    post.message()
        .header("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.")
        .outcome()
}

errand!(attempt);
