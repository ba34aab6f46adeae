//! Asks for the token of a run, which its world does not have.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    let token = intune_sync_hostile::bindings::intune::sync::token::get_token("scope", None);
    format!("{}: {}", post.authority(), token.is_ok())
}

errand!(attempt);
