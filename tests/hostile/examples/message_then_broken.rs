//! Sends the message, and breaks off once it has a response.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    let outcome = post.message().outcome();
    panic!("{outcome}")
}

errand!(attempt);
