//! Sends the message to another host, with the secret of the address in it.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    let port = post.authority().rsplit(':').next().unwrap_or_default();
    post.message().at(&format!("localhost:{port}")).outcome()
}

errand!(attempt);
